"""A graph attention network, written out: is a molecule soluble?"""

import torch
import torch.nn.functional as F
from torch import nn


class Attention(nn.Module):
    def __init__(self, inside, outside):
        super().__init__()
        self.project = nn.Linear(inside, outside, bias=False)
        self.score = nn.Linear(2 * outside, 1)

    def forward(self, atoms, bonds):
        h = self.project(atoms)
        source, target = bonds
        scores = F.leaky_relu(self.score(torch.cat([h[source], h[target]], dim=1)), 0.2)
        powers = torch.exp(scores - scores.max())
        total = torch.zeros(len(h), 1, device=h.device).index_add(0, target, powers)
        messages = torch.zeros_like(h).index_add(0, target, powers * h[source])
        return messages / (total + 1e-9)


class Soluble(nn.Module):
    def __init__(self, features=32, width=64):
        super().__init__()
        self.first = Attention(features, width)
        self.second = Attention(width, width)
        self.out = nn.Linear(width, 1)

    def forward(self, atoms, bonds, molecule, count):
        h = F.elu(self.first(atoms, bonds))
        h = F.elu(self.second(h, bonds))
        pooled = torch.zeros(count, h.size(1), device=h.device).index_add(0, molecule, h)
        return self.out(pooled).squeeze(1)


def train(model, loader, epochs=100):
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-4)
    for epoch in range(epochs):
        for atoms, bonds, molecule, soluble in loader:
            logits = model(atoms, bonds, molecule, len(soluble))
            loss = F.binary_cross_entropy_with_logits(logits, soluble.float())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        print(epoch, loss.item())


if __name__ == "__main__":
    train(Soluble(), torch.utils.data.DataLoader(torch.load("molecules.pt"), batch_size=None))
