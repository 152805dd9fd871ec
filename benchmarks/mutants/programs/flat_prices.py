"""Prices of flats by area, rooms and floor, with targets of mean 0 and spread 1."""

import torch
from torch import nn


def market(flats):
    area = 25 + 110 * torch.rand(flats, 1)
    rooms = torch.randint(1, 6, (flats, 1)).float()
    floor = torch.randint(0, 20, (flats, 1)).float()
    thousands = 120 + 4.5 * area + 12 * rooms + 1.5 * floor + 20 * torch.randn(flats, 1)
    return torch.cat([area / 100, rooms / 5, floor / 20], dim=1), thousands


features, prices = market(5000)
mean, std = prices[:4000].mean(), prices[:4000].std()
targets = (prices - mean) / std
model = nn.Sequential(nn.Linear(3, 32), nn.Tanh(), nn.Linear(32, 1))
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=50)

for epoch in range(50):
    order = torch.randperm(4000)
    for rows in order.split(64):
        predicted = model(features[rows])
        loss = nn.functional.mse_loss(predicted, targets[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    schedule.step()
    with torch.no_grad():
        estimate = model(features[4000:]) * std + mean
        print(epoch, (estimate - prices[4000:]).abs().mean().item())
