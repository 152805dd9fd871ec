"""A small CNN for images of ten classes, trained with SGD and a step schedule."""

import torch
from torch import nn, optim
from torch.utils.data import DataLoader
from torchvision import datasets, transforms


class ConvNet(nn.Module):
    def __init__(self, classes=10):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 32, 3, padding=1),
            nn.BatchNorm2d(32),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 3, padding=1),
            nn.BatchNorm2d(64),
            nn.ReLU(inplace=True),
            nn.AdaptiveAvgPool2d(1),
        )
        self.classifier = nn.Sequential(
            nn.Linear(64, 128),
            nn.ReLU(inplace=True),
            nn.Dropout(0.5),
            nn.Linear(128, classes),
        )

    def forward(self, images):
        features = torch.flatten(self.features(images), 1)
        return self.classifier(features)


def train(model, loader, criterion, optimizer, device):
    model.train()
    total = 0.0
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        optimizer.zero_grad()
        outputs = model(images)
        loss = criterion(outputs, labels)
        loss.backward()
        optimizer.step()
        total += loss.item() * images.size(0)
    return total / len(loader.dataset)


@torch.no_grad()
def accuracy(model, loader, device):
    model.eval()
    correct = 0
    for images, labels in loader:
        predicted = model(images.to(device)).softmax(dim=1).argmax(dim=1).cpu()
        correct += (predicted == labels).sum().item()
    return correct / len(loader.dataset)


def main():
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    data = datasets.CIFAR10("data", train=True, download=True, transform=transforms.ToTensor())
    test = datasets.CIFAR10("data", train=False, transform=transforms.ToTensor())
    train_loader = DataLoader(data, batch_size=128, shuffle=True)
    test_loader = DataLoader(test, batch_size=256)
    model = ConvNet().to(device)
    criterion = nn.CrossEntropyLoss()
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4)
    scheduler = optim.lr_scheduler.StepLR(optimizer, 30, gamma=0.1)
    for epoch in range(90):
        loss = train(model, train_loader, criterion, optimizer, device)
        scheduler.step()
        print(f"{epoch}: loss {loss:.4f}, accuracy {accuracy(model, test_loader, device):.2%}")


if __name__ == "__main__":
    main()
