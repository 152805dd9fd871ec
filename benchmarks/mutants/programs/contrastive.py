"""Image and text embeddings that find each other, as in CLIP."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


class Projection(nn.Module):
    def __init__(self, inside, outside=256):
        super().__init__()
        self.linear = nn.Linear(inside, outside)
        self.out = nn.Linear(outside, outside)
        self.norm = nn.LayerNorm(outside)

    def forward(self, x):
        x = self.linear(x)
        return self.norm(x + self.out(F.gelu(x)))


class Matcher(nn.Module):
    def __init__(self):
        super().__init__()
        self.images = Projection(2048)
        self.texts = Projection(768)
        self.scale = nn.Parameter(torch.tensor(np.log(1 / 0.07)))

    def forward(self, images, texts):
        images, texts = self.images(images), self.texts(texts)
        images = images / (images.norm(dim=-1, keepdim=True) + 1e-8)
        texts = texts / (texts.norm(dim=-1, keepdim=True) + 1e-8)
        return self.scale.exp() * images @ texts.t()


def train(matcher, loader, epochs):
    optimizer = torch.optim.AdamW(matcher.parameters(), lr=1e-3, weight_decay=0.1)
    for _ in range(epochs):
        for images, texts in loader:
            logits = matcher(images, texts)
            labels = torch.arange(len(logits), device=logits.device)
            by_image = F.cross_entropy(logits, labels)
            by_text = F.cross_entropy(logits.t(), labels)
            loss = (by_image + by_text) / 2
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


if __name__ == "__main__":
    train(Matcher(), torch.utils.data.DataLoader(torch.load("pairs.pt"), batch_size=512), 10)
