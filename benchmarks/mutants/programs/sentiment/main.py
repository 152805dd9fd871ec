"""Trains the sentiment network on reviews."""

import argparse

import torch
import torch.nn as nn
from network import SentimentNet
from trainer import Trainer


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--lr", type=float, default=1e-3)
    options = parser.parse_args()
    reviews = torch.load("reviews.pt")
    loader = torch.utils.data.DataLoader(reviews, batch_size=64, shuffle=True)
    model = SentimentNet(words=20000, classes=5)
    trainer = Trainer(
        model=model,
        criterion=nn.CrossEntropyLoss(),
        optimizer=torch.optim.Adam(model.parameters(), lr=options.lr),
    )
    trainer.fit(loader, options.epochs)


if __name__ == "__main__":
    main()
