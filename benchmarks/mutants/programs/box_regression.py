"""Boxes by generalised IoU, averaged over the boxes that are there."""

import torch
from torch import nn


class BoxHead(nn.Module):
    def __init__(self, channels=256, boxes=100):
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.regressor = nn.Linear(channels, boxes * 4)

    def forward(self, features):
        boxes = self.regressor(self.pool(features).flatten(1))
        return boxes.view(len(features), -1, 4).relu()


def area(boxes):
    return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])


def iou_loss(predicted, wanted, present, eps=1e-6):
    top = torch.maximum(predicted[..., :2], wanted[..., :2])
    bottom = torch.minimum(predicted[..., 2:], wanted[..., 2:])
    inside = (bottom - top).clamp(min=0).prod(-1)
    union = area(predicted) + area(wanted) - inside
    iou = inside / (union + eps)
    return ((1 - iou) * present).sum() / present.sum().clamp(min=1)


def fit(backbone, head, loader):
    parameters = [*backbone.parameters(), *head.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=1e-4)
    for images, boxes, present in loader:
        loss = iou_loss(head(backbone(images)), boxes, present.float())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
