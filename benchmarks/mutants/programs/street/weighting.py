"""Weights of tasks by their uncertainty, as in Kendall, Gal and Cipolla (2018)."""

import torch
from torch import nn


class UncertaintyWeighting(nn.Module):
    def __init__(self):
        super().__init__()
        self.classes = nn.Parameter(torch.zeros(()))
        self.depth = nn.Parameter(torch.zeros(()))

    def forward(self, class_loss, depth_loss):
        weighted_classes = torch.exp(-self.classes) * class_loss + self.classes
        weighted_depth = torch.exp(-self.depth) * depth_loss + self.depth
        return weighted_classes + weighted_depth
