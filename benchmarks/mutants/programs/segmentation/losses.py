"""Binary cross entropy with a Dice term."""

import torch
import torch.nn as nn


class DiceLoss(nn.Module):
    def __init__(self, smooth=1.0):
        super().__init__()
        self.smooth = smooth

    def forward(self, logits, masks):
        probabilities = torch.sigmoid(logits).flatten(1)
        masks = masks.flatten(1)
        overlap = (probabilities * masks).sum(1)
        dice = (2 * overlap + self.smooth) / (probabilities.sum(1) + masks.sum(1) + self.smooth)
        return 1 - dice.mean()


class SegmentationLoss(nn.Module):
    def __init__(self):
        super().__init__()
        self.bce = nn.BCEWithLogitsLoss()
        self.dice = DiceLoss()

    def forward(self, logits, masks):
        return self.bce(logits, masks) + self.dice(logits, masks)
