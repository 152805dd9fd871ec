"""Quantiles of tomorrow's consumption, by a loss of one's own."""

import torch
from torch import nn


class QuantileLoss(nn.Module):
    def __init__(self, quantile, reduction="mean"):
        super().__init__()
        if not 0 < quantile < 1:
            raise ValueError(f"quantile lies between 0 and 1, not at {quantile}")
        self.quantile = quantile
        self.reduction = reduction

    def forward(self, predicted, measured):
        if predicted.shape != measured.shape:
            raise ValueError(f"{tuple(predicted.shape)} against {tuple(measured.shape)}")
        error = measured - predicted
        loss = torch.maximum(self.quantile * error, (self.quantile - 1) * error)
        if self.reduction == "mean":
            return loss.mean()
        if self.reduction == "sum":
            return loss.sum()
        return loss


class Consumption(nn.Module):
    def __init__(self, features=16, width=96):
        super().__init__()
        self.gru = nn.GRU(features, width, batch_first=True)
        self.day = nn.Linear(width, 24)

    def forward(self, history):
        _, last = self.gru(history)
        return self.day(last[-1])


def fit(model, loader, quantile=0.9, epochs=20):
    criterion = QuantileLoss(quantile, reduction="mean")
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for epoch in range(epochs):
        for history, day in loader:
            loss = criterion(model(history), day)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        print(f"epoch {epoch}: {loss.item():.4f}")


if __name__ == "__main__":
    days = torch.utils.data.DataLoader(torch.load("consumption.pt"), batch_size=64, shuffle=True)
    fit(Consumption(), days)
