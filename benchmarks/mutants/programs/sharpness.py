"""Removes blur from pictures; a second term keeps the edges where they are."""

import torch
import torch.nn.functional as F
from torch import nn, optim


class Deblur(nn.Module):
    def __init__(self, channels=48):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, channels, 3, padding=1),
            nn.PReLU(),
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.PReLU(),
            nn.Conv2d(channels, 3, 3, padding=1),
        )

    def forward(self, blurred):
        return blurred + self.body(blurred)


def gradient(pictures):
    return pictures.diff(dim=-1), pictures.diff(dim=-2)


def train(model, loader, edge_weight=0.2, epochs=100):
    optimizer = optim.Adam(model.parameters(), lr=2e-4)
    scheduler = optim.lr_scheduler.MultiStepLR(optimizer, [50, 80])
    for epoch in range(epochs):
        total = 0.0
        for blurred, sharp in loader:
            restored = model(blurred)
            pixel_loss = F.l1_loss(restored, sharp)
            across, down = gradient(restored)
            sharp_across, sharp_down = gradient(sharp)
            edge_loss = F.l1_loss(across, sharp_across) + F.l1_loss(down, sharp_down)
            loss = pixel_loss + edge_weight * edge_loss
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()
        scheduler.step()
        print(f"{epoch}: {total / len(loader):.4f}")


if __name__ == "__main__":
    pictures = torch.utils.data.DataLoader(torch.load("pictures.pt"), batch_size=16, shuffle=True)
    train(Deblur(), pictures)
