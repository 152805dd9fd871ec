"""Sorts pictures of castings by defect; rare defects are drawn more often."""

import numpy as np
import torch
import torch.nn as nn
from sklearn.metrics import balanced_accuracy_score
from torch.utils.data import DataLoader, WeightedRandomSampler
from torchvision import datasets, models, transforms


def loaders(folder):
    prepare = transforms.Compose([transforms.Resize((128, 128)), transforms.ToTensor()])
    training = datasets.ImageFolder(f"{folder}/train", transform=prepare)
    test = datasets.ImageFolder(f"{folder}/test", transform=prepare)
    return training, test


def balanced_accuracy(model, loader):
    model.eval()
    labels, predicted = [], []
    with torch.no_grad():
        for images, classes in loader:
            predicted.append(model(images).argmax(dim=1))
            labels.append(classes)
    return balanced_accuracy_score(torch.cat(labels), torch.cat(predicted))


def main(folder="castings", epochs=15):
    training, test = loaders(folder)
    labels = torch.tensor(training.targets)
    class_weights = 1.0 / torch.bincount(labels).clamp(min=1)
    sampler = WeightedRandomSampler(class_weights[labels], num_samples=len(labels))
    train_loader = DataLoader(training, batch_size=32, sampler=sampler)
    test_loader = DataLoader(test, batch_size=64)
    model = models.mobilenet_v3_small(num_classes=len(training.classes))
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)
    for epoch in range(epochs):
        model.train()
        losses = []
        for images, classes in train_loader:
            optimizer.zero_grad()
            loss = criterion(model(images), classes)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        print(epoch, np.mean(losses), balanced_accuracy(model, test_loader))


if __name__ == "__main__":
    main()
