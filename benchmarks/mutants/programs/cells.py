"""Cells under a microscope: what kind, how many, and a picture from little."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader


class CellNet(nn.Module):
    def __init__(self, kinds=5, code=64):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 16, 4, 2, 1), nn.ELU(), nn.Conv2d(16, 32, 4, 2, 1), nn.ELU()
        )
        self.squeeze = nn.Linear(32 * 16 * 16, code)
        self.kind = nn.Linear(code, kinds)
        self.count = nn.Linear(code, 1)
        self.unsqueeze = nn.Linear(code, 32 * 16 * 16)
        self.decoder = nn.Sequential(
            nn.ConvTranspose2d(32, 16, 4, 2, 1), nn.ELU(), nn.ConvTranspose2d(16, 1, 4, 2, 1)
        )

    def forward(self, pictures):
        code = self.squeeze(self.encoder(pictures).flatten(1))
        picture = self.decoder(self.unsqueeze(code).view(-1, 32, 16, 16))
        return self.kind(code), self.count(code), picture


class Experiment:
    def __init__(self, model, kind_weight=1.0, count_weight=0.05, picture_weight=10.0):
        self.model = model
        self.weights = (kind_weight, count_weight, picture_weight)
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)

    def losses(self, pictures, kinds, counts):
        kind, count, picture = self.model(pictures)
        kind_loss = F.cross_entropy(kind, kinds)
        count_loss = F.poisson_nll_loss(count, counts[:, None])
        picture_loss = F.mse_loss(picture, pictures)
        return kind_loss, count_loss, picture_loss

    def step(self, batch):
        kind_loss, count_loss, picture_loss = self.losses(*batch)
        loss = self.weights[0] * kind_loss
        loss += self.weights[1] * count_loss
        loss += self.weights[2] * picture_loss
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item(), kind_loss.item(), count_loss.item(), picture_loss.item()

    def run(self, loader, epochs):
        for epoch in range(epochs):
            for batch in loader:
                losses = self.step(batch)
            print(epoch, *(f"{loss:.3f}" for loss in losses))


if __name__ == "__main__":
    cells = DataLoader(torch.load("cells.pt"), batch_size=32, shuffle=True)
    Experiment(CellNet()).run(cells, epochs=40)
