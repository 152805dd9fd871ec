"""A transformer for time series of sensors, trained in half precision."""

import torch
import torch.nn as nn
from torch.amp import GradScaler, autocast


class SensorTransformer(nn.Module):
    def __init__(self, sensors, classes, width=128):
        super().__init__()
        self.embed = nn.Linear(sensors, width)
        layer = nn.TransformerEncoderLayer(width, nhead=8, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, num_layers=4)
        self.classify = nn.Linear(width, classes)

    def forward(self, series):
        encoded = self.encoder(self.embed(series))
        return self.classify(encoded.mean(dim=1))


def train_epoch(model, loader, criterion, optimizer, scaler):
    for series, states in loader:
        series, states = series.cuda(non_blocking=True), states.cuda(non_blocking=True)
        optimizer.zero_grad(set_to_none=True)
        with autocast("cuda"):
            scores = model(series)
            loss = criterion(scores, states)
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()


if __name__ == "__main__":
    data = torch.load("sensors.pt")
    loader = torch.utils.data.DataLoader(data, batch_size=64, shuffle=True, pin_memory=True)
    model = nn.DataParallel(SensorTransformer(sensors=12, classes=6)).cuda()
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-4)
    criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
    scaler = GradScaler()
    for _ in range(100):
        train_epoch(model, loader, criterion, optimizer, scaler)
    torch.save(model.module.state_dict(), "sensors_model.pt")
