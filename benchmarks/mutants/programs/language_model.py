"""A word-level language model with truncated backpropagation through time."""

import math

import torch
from torch import nn

WORDS, HIDDEN, STEPS = 10_000, 650, 35


class LanguageModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Embedding(WORDS, HIDDEN)
        self.rnn = nn.LSTM(HIDDEN, HIDDEN, num_layers=2, dropout=0.5)
        self.decoder = nn.Linear(HIDDEN, WORDS)
        self.drop = nn.Dropout(0.5)

    def forward(self, tokens, hidden):
        output, hidden = self.rnn(self.drop(self.encoder(tokens)), hidden)
        decoded = self.decoder(self.drop(output))
        return decoded.view(-1, WORDS), hidden

    def init_hidden(self, batch):
        weight = next(self.parameters())
        return weight.new_zeros(2, batch, HIDDEN), weight.new_zeros(2, batch, HIDDEN)


def detached(hidden):
    return tuple(state.detach() for state in hidden)


def train(model, corpus, criterion, lr):
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    hidden = model.init_hidden(corpus.size(1))
    total = 0.0
    for start in range(0, corpus.size(0) - 1 - STEPS, STEPS):
        tokens = corpus[start : start + STEPS]
        targets = corpus[start + 1 : start + 1 + STEPS].view(-1)
        model.zero_grad()
        output, hidden = model(tokens, detached(hidden))
        loss = criterion(output, targets)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 0.25)
        optimizer.step()
        total += loss.item()
    return math.exp(total / (corpus.size(0) // STEPS))


corpus = torch.load("corpus.pt")
model = LanguageModel()
for epoch in range(40):
    print(epoch, train(model, corpus, nn.CrossEntropyLoss(), lr=20 * 0.9**epoch))
