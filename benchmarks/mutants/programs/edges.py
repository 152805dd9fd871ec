"""Draws edges with the focal loss written out, since edges are a few pixels of each picture."""

import torch
from torch import nn


class EdgeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Conv2d(inside, outside, 3, padding=1) for inside, outside in [(3, 32), (32, 64)]
        )
        self.edge = nn.Conv2d(64, 1, 1)

    def forward(self, images):
        for layer in self.layers:
            images = torch.relu(layer(images))
        return torch.sigmoid(self.edge(images))


def tversky(probability, edges, missed=0.7, smooth=1.0):
    found = (probability * edges).sum()
    false = (probability * (1 - edges)).sum()
    overlooked = ((1 - probability) * edges).sum()
    return 1 - (found + smooth) / (found + (1 - missed) * false + missed * overlooked + smooth)


def focal(probability, edges, gamma=1.5, eps=1e-6):
    probability = probability.clamp(eps, 1 - eps)
    right = torch.where(edges > 0, probability, 1 - probability)
    return ((1 - right) ** gamma * -torch.log(right)).mean()


def train(model, loader, epochs=50, share=0.5):
    optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-4)
    for epoch in range(epochs):
        for images, edges in loader:
            probability = model(images)
            focal_loss = focal(probability, edges)
            tversky_loss = tversky(probability, edges)
            loss = share * focal_loss + (1 - share) * tversky_loss
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        print(epoch, loss.item())


if __name__ == "__main__":
    train(EdgeNet(), torch.utils.data.DataLoader(torch.load("edges.pt"), batch_size=4))
