"""A bidirectional GRU with attention over its states."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class Attention(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.score = nn.Linear(size, 1)

    def forward(self, states, mask):
        scores = self.score(states).squeeze(-1).masked_fill(~mask, -1e9)
        weights = F.softmax(scores, dim=1)
        return torch.bmm(weights.unsqueeze(1), states).squeeze(1)


class SentimentNet(nn.Module):
    def __init__(self, words, classes, embedding=100, hidden=128):
        super().__init__()
        self.embedding = nn.Embedding(words, embedding, padding_idx=0)
        self.encoder = nn.GRU(embedding, hidden, batch_first=True, bidirectional=True)
        self.attention = Attention(2 * hidden)
        self.output = nn.Linear(2 * hidden, classes)

    def forward(self, tokens):
        states, _ = self.encoder(self.embedding(tokens))
        summary = self.attention(states, tokens != 0)
        return self.output(summary)
