"""A factorisation machine with a deep part: will this be clicked, and for how long is it read?"""

import torch
from torch import nn
from torch.nn import functional as F


class DeepFM(nn.Module):
    def __init__(self, fields, width=16):
        super().__init__()
        self.embeddings = nn.ModuleList(nn.Embedding(size, width) for size in fields)
        self.deep = nn.Sequential(nn.Linear(len(fields) * width, 64), nn.ReLU())
        self.heads = nn.ModuleDict({"click": nn.Linear(64, 1), "time": nn.Linear(64, 1)})

    def forward(self, features):
        embedded = [layer(features[:, i]) for i, layer in enumerate(self.embeddings)]
        hidden = self.deep(torch.cat(embedded, dim=1))
        return {name: head(hidden).squeeze(1) for name, head in self.heads.items()}


class Fitter:
    weights = {"click": 1.0, "time": 0.2}

    def __init__(self, model, lr=1e-3):
        self.model = model
        self.optim = torch.optim.Adam(model.parameters(), lr=lr)

    def loss(self, outputs, clicks, times):
        clicked = F.binary_cross_entropy_with_logits(outputs["click"], clicks)
        read = F.smooth_l1_loss(outputs["time"], times, reduction="none")
        read = (read * clicks).sum() / clicks.sum().clamp(min=1.0)
        return self.weights["click"] * clicked + self.weights["time"] * read

    def fit(self, loader, epochs):
        for epoch in range(epochs):
            for features, clicks, times in loader:
                self.optim.zero_grad()
                loss = self.loss(self.model(features), clicks.float(), times)
                loss.backward()
                self.optim.step()
            print(f"{epoch}: {loss.item():.4f}")


if __name__ == "__main__":
    shows = torch.utils.data.DataLoader(torch.load("shows.pt"), batch_size=1024, shuffle=True)
    Fitter(DeepFM([1000, 50, 7])).fit(shows, epochs=4)
