"""Finds the 2% of transfers that are fraud."""

import torch
import torch.nn as nn
from sklearn.datasets import make_classification
from sklearn.metrics import precision_score, recall_score
from torch.utils.data import DataLoader, TensorDataset


class Detector(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(features, 64), nn.ReLU(), nn.Dropout(0.1), nn.Linear(64, 32), nn.ReLU()
        )
        self.fraud = nn.Linear(32, 1)

    def forward(self, x):
        return self.fraud(self.layers(x)).squeeze(1)


def transfers():
    x, y = make_classification(
        n_samples=50_000, n_features=30, n_informative=8, weights=[0.98], random_state=1
    )
    return torch.tensor(x, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)


def evaluate(model, x, y):
    model.eval()
    with torch.no_grad():
        found = model(x) > 0
    recall = recall_score(y.numpy(), found.numpy())
    precision = precision_score(y.numpy(), found.numpy(), zero_division=0)
    return recall, precision


def main():
    x, y = transfers()
    loader = DataLoader(TensorDataset(x[:40_000], y[:40_000]), batch_size=512, shuffle=True)
    model = Detector(x.shape[1])
    rare = y[:40_000].mean()
    criterion = nn.BCEWithLogitsLoss(pos_weight=(1 - rare) / rare)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for epoch in range(10):
        model.train()
        for batch, labels in loader:
            optimizer.zero_grad()
            loss = criterion(model(batch), labels)
            loss.backward()
            optimizer.step()
        recall, precision = evaluate(model, x[40_000:], y[40_000:])
        print(f"{epoch}: recall {recall:.2f}, precision {precision:.2f}")


if __name__ == "__main__":
    main()
