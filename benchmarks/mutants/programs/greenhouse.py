"""Predicts the temperature in a simulated greenhouse two hours ahead."""

import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset, random_split


def simulate(hours, seed=0):
    """Sun, wind, humidity and vents of each hour, and the temperature in degrees Celsius."""
    generator = torch.Generator().manual_seed(seed)
    sun = torch.rand(hours, generator=generator)
    wind = torch.rand(hours, generator=generator)
    humidity = torch.rand(hours, generator=generator)
    vents = torch.rand(hours, generator=generator)
    noise = torch.randn(hours, generator=generator)
    temperature = 18 + 22 * sun * (1 - 0.3 * wind * vents) + 0.5 * noise
    return torch.stack([sun, wind, humidity, vents], dim=1), temperature


class Forecaster(nn.Module):
    def __init__(self, sensors=4, width=64):
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(sensors, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU()
        )
        self.head = nn.Linear(width, 1)

    def forward(self, readings):
        return self.head(self.body(readings)).squeeze(1)


def evaluate(model, loader):
    model.eval()
    errors = []
    with torch.no_grad():
        for readings, temperature in loader:
            errors.append((model(readings) - temperature).abs())
    return torch.cat(errors).mean().item()


def main():
    readings, temperature = simulate(20_000)
    data = TensorDataset(readings, temperature)
    training, held_out = random_split(data, [16_000, 4_000])
    train_loader = DataLoader(training, batch_size=128, shuffle=True)
    test_loader = DataLoader(held_out, batch_size=1000)
    model = Forecaster()
    nn.init.constant_(model.head.bias, 25.0)
    criterion = nn.SmoothL1Loss(beta=0.5)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for epoch in range(30):
        model.train()
        total = 0.0
        for batch, measured in train_loader:
            optimizer.zero_grad()
            loss = criterion(model(batch), measured)
            loss.backward()
            optimizer.step()
            total += loss.item()
        print(epoch, total / len(train_loader), evaluate(model, test_loader))


if __name__ == "__main__":
    main()
