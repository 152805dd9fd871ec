"""Ranks answers to a question by pairs: which of two did people prefer?"""

import torch
from torch import nn


class Scorer(nn.Module):
    def __init__(self, width=384):
        super().__init__()
        self.score = nn.Sequential(nn.Linear(2 * width, 128), nn.GELU(), nn.Linear(128, 1))

    def forward(self, question, answer):
        return self.score(torch.cat([question, answer], dim=-1)).squeeze(-1)


class Trainer:
    def __init__(self, scorer, lr=1e-4):
        self.scorer = scorer
        self.criterion = nn.MarginRankingLoss(margin=0.1)
        self.optimizer = torch.optim.AdamW(scorer.parameters(), lr=lr)

    def step(self, question, first, second, votes):
        preferred = (votes[:, 0] > votes[:, 1]).float()
        first_score = self.scorer(question, first)
        second_score = self.scorer(question, second)
        loss = self.criterion(first_score, second_score, preferred * 2 - 1)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def fit(self, loader, epochs):
        for epoch in range(epochs):
            losses = [self.step(*batch) for batch in loader]
            print(f"{epoch}: {sum(losses) / len(losses):.4f}")


if __name__ == "__main__":
    comparisons = torch.utils.data.DataLoader(torch.load("answers.pt"), 64, shuffle=True)
    Trainer(Scorer()).fit(comparisons, epochs=5)
