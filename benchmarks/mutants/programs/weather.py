"""Will it rain, and how warm will it be? Two heads whose weights are learned."""

import torch
from torch import nn
from torch.utils.data import DataLoader


class Weather(nn.Module):
    def __init__(self, stations=24, width=64):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(stations, width), nn.ReLU(), nn.Dropout(0.1))
        self.rain = nn.Linear(width, 1)
        self.warmth = nn.Linear(width, 1)

    def forward(self, measurements):
        state = self.body(measurements)
        return self.rain(state), self.warmth(state)


class WeightedLosses(nn.Module):
    def __init__(self, tasks):
        super().__init__()
        self.log_variances = nn.Parameter(torch.zeros(tasks))
        self.rain_loss = nn.BCEWithLogitsLoss()
        self.warmth_loss = nn.HuberLoss()

    def forward(self, outputs, targets):
        rain, warmth = outputs
        s = self.log_variances
        first = torch.exp(-s[0]) * self.rain_loss(rain, targets[:, :1]) + s[0]
        second = torch.exp(-s[1]) * self.warmth_loss(warmth, targets[:, 1:]) + s[1]
        return first + second


def validate(model, losses, loader):
    model.eval()
    with torch.no_grad():
        return sum(losses(model(x), y).item() for x, y in loader) / len(loader)


def main(epochs=60):
    training, held_out = torch.load("weather.pt")
    train_loader = DataLoader(training, batch_size=64, shuffle=True)
    test_loader = DataLoader(held_out, batch_size=256)
    model, losses = Weather(), WeightedLosses(tasks=2)
    parameters = [{"params": model.parameters()}, {"params": losses.parameters(), "lr": 1e-2}]
    optimizer = torch.optim.Adam(parameters, lr=1e-3)
    best = float("inf")
    for epoch in range(epochs):
        model.train()
        for x, y in train_loader:
            loss = losses(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        score = validate(model, losses, test_loader)
        if score < best:
            best = score
            torch.save(model.state_dict(), "best.pt")
        print(f"{epoch}: {score:.4f}")


if __name__ == "__main__":
    main()
