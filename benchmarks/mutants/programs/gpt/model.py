"""A small decoder: each character from those before it."""

import torch
from torch import nn


class Decoder(nn.Module):
    def __init__(self, characters, width=256, layers=6, context=256):
        super().__init__()
        self.characters = nn.Embedding(characters, width)
        self.positions = nn.Embedding(context, width)
        block = nn.TransformerEncoderLayer(width, nhead=8, batch_first=True, norm_first=True)
        self.blocks = nn.TransformerEncoder(block, layers)
        self.head = nn.Linear(width, characters, bias=False)

    def forward(self, text):
        length = text.size(1)
        x = self.characters(text) + self.positions(torch.arange(length, device=text.device))
        mask = nn.Transformer.generate_square_subsequent_mask(length, device=text.device)
        return self.head(self.blocks(x, mask=mask, is_causal=True))

    @torch.no_grad()
    def write(self, text, characters, temperature=0.8):
        for _ in range(characters):
            scores = self(text)[:, -1] / temperature
            text = torch.cat([text, torch.multinomial(scores.softmax(-1), 1)], dim=1)
        return text
