"""Learns embeddings of faces."""

import torch
from torch import nn
from torchvision import datasets, models, transforms

from margin import AngularMargin

PREPARE = transforms.Compose([transforms.Resize((112, 112)), transforms.ToTensor()])


def embedding_network(width):
    network = models.resnet18(weights=None)
    network.fc = nn.Linear(network.fc.in_features, width)
    return network


def fit(network, margin_loss, loader, optimizer, device):
    network.train()
    for images, people in loader:
        images, people = images.to(device), people.to(device)
        loss = margin_loss(network(images), people)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss.item()


def main():
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    faces = datasets.ImageFolder("faces", transform=PREPARE)
    loader = torch.utils.data.DataLoader(faces, batch_size=128, shuffle=True, num_workers=4)
    network = embedding_network(256).to(device)
    margin_loss = AngularMargin(256, len(faces.classes)).to(device)
    optimizer = torch.optim.SGD(
        [*network.parameters(), *margin_loss.parameters()], lr=0.1, momentum=0.9, weight_decay=5e-4
    )
    for epoch in range(24):
        print(epoch, fit(network, margin_loss, loader, optimizer, device))
    torch.save(network.state_dict(), "faces.pt")


if __name__ == "__main__":
    main()
