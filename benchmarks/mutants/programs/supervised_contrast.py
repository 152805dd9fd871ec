"""Embeddings by the supervised contrastive loss of Khosla et al. (2020), written out."""

import torch
import torch.nn.functional as F
from torch import nn


class Encoder(nn.Module):
    def __init__(self, pixels=784, width=128):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(pixels, 512), nn.ReLU(), nn.Linear(512, width))

    def forward(self, x):
        return self.layers(x.flatten(1))


def supervised_contrast(features, labels, temperature=10.0):
    similarity = features @ features.t() / temperature
    largest = similarity.max(dim=1, keepdim=True).values.detach()
    others = 1 - torch.eye(len(labels), device=labels.device)
    powers = torch.exp(similarity - largest) * others
    log_prob = similarity - largest - torch.log(powers.sum(dim=1, keepdim=True) + 1e-12)
    positives = (labels[:, None] == labels[None, :]).float() * others
    per_sample = (log_prob * positives).sum(dim=1) / positives.sum(dim=1).clamp(min=1)
    return -per_sample.mean()


def main():
    encoder = Encoder()
    loader = torch.utils.data.DataLoader(torch.load("digits.pt"), batch_size=512, shuffle=True)
    optimizer = torch.optim.AdamW(encoder.parameters(), lr=1e-3)
    for epoch in range(100):
        for images, labels in loader:
            loss = supervised_contrast(encoder(images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        print(epoch, loss.item())


if __name__ == "__main__":
    main()
