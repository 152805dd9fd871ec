"""Fine-grained birds on a small card: the gradients of several batches make one step."""

import torch
from torch import nn, optim
from torchvision import datasets, models, transforms

ACCUMULATE = 8


def build(classes):
    model = models.efficientnet_b0(weights="DEFAULT")
    model.classifier[1] = nn.Linear(model.classifier[1].in_features, classes)
    return model


def train(model, loader, optimizer, device, accumulate=ACCUMULATE):
    model.train()
    criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
    optimizer.zero_grad()
    for i, (images, species) in enumerate(loader):
        logits = model(images.to(device))
        loss = criterion(logits, species.to(device)) / accumulate
        loss.backward()
        if (i + 1) % accumulate == 0:
            optimizer.step()
            optimizer.zero_grad()
    return loss.item() * accumulate


if __name__ == "__main__":
    device = torch.device("cuda")
    birds = datasets.ImageFolder(
        "birds", transforms.Compose([transforms.RandomResizedCrop(224), transforms.ToTensor()])
    )
    loader = torch.utils.data.DataLoader(birds, batch_size=8, shuffle=True, drop_last=True)
    model = build(len(birds.classes)).to(device)
    optimizer = optim.SGD(model.parameters(), lr=0.02, momentum=0.9, weight_decay=1e-4)
    for epoch in range(30):
        print(epoch, train(model, loader, optimizer, device))
