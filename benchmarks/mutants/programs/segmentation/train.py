"""Trains the U-Net on satellite tiles."""

import torch
from losses import SegmentationLoss
from unet import UNet

device = "cuda" if torch.cuda.is_available() else "cpu"


def run_epoch(model, loader, criterion, optimizer=None):
    total = 0.0
    for images, masks in loader:
        images, masks = images.to(device), masks.float().to(device)
        with torch.set_grad_enabled(optimizer is not None):
            predictions = model(images)
            loss = criterion(predictions, masks)
        if optimizer is not None:
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        total += loss.item()
    return total / len(loader)


if __name__ == "__main__":
    train_set, valid_set = torch.load("tiles.pt")
    train_loader = torch.utils.data.DataLoader(train_set, batch_size=8, shuffle=True)
    valid_loader = torch.utils.data.DataLoader(valid_set, batch_size=8)
    model = UNet().to(device)
    criterion = SegmentationLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
    for epoch in range(50):
        trained = run_epoch(model, train_loader, criterion, optimizer)
        validated = run_epoch(model, valid_loader, criterion)
        print(epoch, trained, validated)
