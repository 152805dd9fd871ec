"""Segments a street and measures its depth with one network."""

import argparse

import torch
import torch.nn.functional as F

from network import StreetNet
from weighting import UncertaintyWeighting


def masked_l1(predicted, measured):
    """The mean error over the pixels that the laser reached."""
    seen = (measured > 0).float()
    error = (predicted - measured).abs()
    return (error * seen).sum() / seen.sum().clamp(min=1)


def epoch_of(network, weighting, loader, optimizer, device):
    for images, classes, depth in loader:
        images, classes, depth = images.to(device), classes.to(device), depth.to(device)
        outputs = network(images)
        class_loss = F.cross_entropy(outputs["classes"], classes, ignore_index=255)
        depth_loss = masked_l1(outputs["depth"], depth)
        loss = weighting(class_loss, depth_loss)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return class_loss.item(), depth_loss.item()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", default="streets.pt")
    parser.add_argument("--epochs", type=int, default=60)
    options = parser.parse_args()
    device = torch.device("cuda")
    loader = torch.utils.data.DataLoader(torch.load(options.data), batch_size=8, shuffle=True)
    network, weighting = StreetNet().to(device), UncertaintyWeighting().to(device)
    optimizer = torch.optim.Adam(
        list(network.parameters()) + list(weighting.parameters()), lr=1e-4
    )
    for epoch in range(options.epochs):
        class_loss, depth_loss = epoch_of(network, weighting, loader, optimizer, device)
        print(f"{epoch}: classes {class_loss:.3f}, depth {depth_loss:.3f}")


if __name__ == "__main__":
    main()
