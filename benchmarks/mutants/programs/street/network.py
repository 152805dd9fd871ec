"""One encoder, and a head for each task."""

import torch
from torch import nn


class StreetNet(nn.Module):
    def __init__(self, classes=19):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(3, 32, 3, stride=2, padding=1),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.Conv2d(32, 64, 3, stride=2, padding=1),
            nn.BatchNorm2d(64),
            nn.ReLU(),
        )
        self.classes = nn.Conv2d(64, classes, 1)
        self.depth = nn.Conv2d(64, 1, 1)

    def forward(self, images):
        features = self.encoder(images)
        return {"classes": self.classes(features), "depth": self.depth(features)}
