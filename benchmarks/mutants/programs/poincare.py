"""Embeds a taxonomy in the Poincare ball, with the inverse of tanh for its distances."""

import torch
import torch.nn.functional as F
from torch import nn

INSIDE = 1e-5


class Ball(nn.Module):
    def __init__(self, nodes, width=10):
        super().__init__()
        self.points = nn.Embedding(nodes, width)
        nn.init.uniform_(self.points.weight, -1e-3, 1e-3)

    def forward(self, nodes):
        points = self.points(nodes)
        length = points.norm(dim=-1, keepdim=True).clamp(min=INSIDE)
        return torch.tanh(length) * points / length


def mobius_difference(a, b):
    inner = (a * b).sum(-1, keepdim=True)
    aa, bb = a.pow(2).sum(-1, keepdim=True), b.pow(2).sum(-1, keepdim=True)
    above = -(1 - 2 * inner + bb) * a + (1 - aa) * b
    return above / (1 - 2 * inner + aa * bb).clamp(min=INSIDE)


def distance(a, b):
    length = mobius_difference(a, b).norm(dim=-1)
    return 2 * torch.atanh(length.clamp(max=1 - INSIDE))


def train(ball, edges, nodes, negatives=10, epochs=200):
    optimizer = torch.optim.Adam(ball.parameters(), lr=1e-2)
    for epoch in range(epochs):
        for child, parent in edges:
            others = torch.randint(nodes, (len(child), negatives))
            candidates = torch.cat([parent[:, None], others], dim=1)
            scores = -distance(ball(child)[:, None], ball(candidates))
            first = torch.zeros(len(child), dtype=torch.long)
            loss = F.cross_entropy(scores, first)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        print(epoch, loss.item())


if __name__ == "__main__":
    taxonomy = torch.utils.data.DataLoader(torch.load("taxonomy.pt"), batch_size=128)
    train(Ball(80_000), taxonomy, 80_000)
