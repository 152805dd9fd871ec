"""Is it the same hand? A siamese network on pairs of signatures."""

import torch
import torch.nn.functional as F
from torch import nn


class Signature(nn.Module):
    def __init__(self, width=64):
        super().__init__()
        self.strokes = nn.Sequential(
            nn.Conv2d(1, 16, 5, stride=2), nn.ReLU(), nn.Conv2d(16, 32, 5, stride=2), nn.ReLU()
        )
        self.embed = nn.Linear(32, width)

    def forward(self, images):
        return self.embed(self.strokes(images).mean(dim=(2, 3)))


def pairs(writers):
    """Each signature with a shuffled one, and whether one writer wrote both."""
    other = torch.randperm(len(writers))
    same = (writers == writers[other]).float()
    return other, same


def train(model, loader, epochs=20):
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for epoch in range(epochs):
        for images, writers in loader:
            other, same = pairs(writers)
            embeddings = model(images)
            loss = F.cosine_embedding_loss(
                embeddings, embeddings[other], 2 * same - 1, margin=0.2
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        print(epoch, loss.item())


def compare(model, left, right, threshold=0.6):
    model.eval()
    with torch.no_grad():
        return F.cosine_similarity(model(left), model(right)) > threshold


if __name__ == "__main__":
    signatures = torch.utils.data.DataLoader(torch.load("signatures.pt"), 256, shuffle=True)
    train(Signature(), signatures)
