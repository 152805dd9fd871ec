"""A training loop that is given everything it works with."""

import torch
from torch.nn.utils import clip_grad_norm_


class Trainer:
    def __init__(self, model, criterion, optimizer, clip=5.0):
        self.model = model
        self.criterion = criterion
        self.optimizer = optimizer
        self.clip = clip

    def fit(self, loader, epochs):
        for epoch in range(epochs):
            losses = [self.step(tokens, labels) for tokens, labels in loader]
            print(epoch, sum(losses) / len(losses))

    def step(self, tokens, labels):
        self.model.train()
        self.optimizer.zero_grad()
        scores = self.model(tokens)
        loss = self.criterion(scores, labels)
        loss.backward()
        clip_grad_norm_(self.model.parameters(), self.clip)
        self.optimizer.step()
        return loss.item()

    @torch.no_grad()
    def predict(self, tokens):
        self.model.eval()
        return torch.softmax(self.model(tokens), dim=-1)
