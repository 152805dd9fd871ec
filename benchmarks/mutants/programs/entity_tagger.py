"""Tags each word of a sentence; a second term keeps the gates of the experts in use."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn


@dataclass
class Output:
    scores: torch.Tensor
    usage: torch.Tensor


class Tagger(nn.Module):
    def __init__(self, words, tags, experts=4, width=200):
        super().__init__()
        self.words = nn.Embedding(words, width)
        self.gate = nn.Linear(width, experts)
        self.experts = nn.ModuleList(nn.Linear(width, width) for _ in range(experts))
        self.tags = nn.Linear(width, tags)

    def forward(self, sentences):
        embedded = self.words(sentences)
        gates = F.softmax(self.gate(embedded), dim=-1)
        mixed = sum(
            gates[..., i : i + 1] * expert(embedded) for i, expert in enumerate(self.experts)
        )
        return Output(self.tags(torch.tanh(mixed)), gates.mean(dim=(0, 1)))


def tagger_loss(output, tags, balance=0.01):
    tagging = F.cross_entropy(output.scores.transpose(1, 2), tags, ignore_index=-100)
    usage = output.usage
    imbalance = (usage * torch.log(usage + 1e-9)).sum()
    return tagging + balance * imbalance


def train(tagger, loader):
    optimizer = torch.optim.Adam(tagger.parameters())
    for epoch in range(15):
        for sentences, tags in loader:
            loss = tagger_loss(tagger(sentences), tags)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
        print(epoch, loss.item())


if __name__ == "__main__":
    train(Tagger(30_000, 9), torch.utils.data.DataLoader(torch.load("conll.pt"), batch_size=32))
