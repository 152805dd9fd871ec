"""Separates two speakers by the scale-invariant signal-to-distortion ratio of the best pairing."""

import torch
from torch import nn


class Separator(nn.Module):
    def __init__(self, filters=256, speakers=2):
        super().__init__()
        self.speakers = speakers
        self.encode = nn.Conv1d(1, filters, 20, stride=10, bias=False)
        self.rnn = nn.LSTM(filters, filters, num_layers=2, batch_first=True, bidirectional=True)
        self.mask = nn.Linear(2 * filters, speakers * filters)
        self.decode = nn.ConvTranspose1d(filters, 1, 20, stride=10, bias=False)

    def forward(self, mixture):
        encoded = torch.relu(self.encode(mixture.unsqueeze(1)))
        states, _ = self.rnn(encoded.transpose(1, 2))
        masks = torch.sigmoid(self.mask(states)).transpose(1, 2).chunk(self.speakers, dim=1)
        return torch.stack([self.decode(encoded * mask).squeeze(1) for mask in masks], dim=1)


def si_sdr(estimate, source, eps=1e-8):
    estimate = estimate - estimate.mean(dim=-1, keepdim=True)
    source = source - source.mean(dim=-1, keepdim=True)
    scale = (estimate * source).sum(-1, keepdim=True) / (source.pow(2).sum(-1, keepdim=True) + eps)
    wanted = scale * source
    noise = estimate - wanted
    ratio = wanted.pow(2).sum(-1) / (noise.pow(2).sum(-1) + eps)
    return 10 * torch.log10(ratio + eps)


def permutation_invariant(estimates, sources):
    straight = si_sdr(estimates, sources).mean(1)
    crossed = si_sdr(estimates, sources.flip(1)).mean(1)
    return -torch.maximum(straight, crossed).mean()


def fit(model, loader, epochs=100):
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for _ in range(epochs):
        for mixture, sources in loader:
            loss = permutation_invariant(model(mixture), sources)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimizer.step()


if __name__ == "__main__":
    fit(Separator(), torch.utils.data.DataLoader(torch.load("mixtures.pt"), batch_size=16))
