"""The secondary structure of a protein, residue by residue."""

import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

RESIDUES, STRUCTURES, LENGTH = 21, 8, 512


class StructureNet(nn.Module):
    def __init__(self, width=128):
        super().__init__()
        self.residues = nn.Embedding(RESIDUES, width)
        self.gru = nn.GRU(width, width, batch_first=True, bidirectional=True, num_layers=2)
        self.structures = nn.Linear(2 * width, STRUCTURES)

    def forward(self, chains):
        states, _ = self.gru(self.residues(chains))
        return self.structures(states)


def placeholder(chains):
    """Random chains of the right shape, to try the script without the database."""
    residues = torch.randint(RESIDUES, (chains, LENGTH))
    structures = torch.randint(STRUCTURES, (chains, LENGTH))
    return TensorDataset(residues, structures)


def train_epoch(model, loader, criterion, optimizer, limit=2.0):
    total = 0.0
    for residues, structures in loader:
        optimizer.zero_grad()
        logits = model(residues)
        loss = criterion(logits.permute(0, 2, 1), structures)
        loss.backward()
        nn.utils.clip_grad_value_(model.parameters(), limit)
        optimizer.step()
        total += loss.detach() * len(residues)
    return total.item() / len(loader.dataset)


if __name__ == "__main__":
    loader = DataLoader(placeholder(640), batch_size=64, shuffle=True)
    model = StructureNet()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.NAdam(model.parameters(), lr=1e-3)
    for epoch in range(12):
        print(epoch, train_epoch(model, loader, criterion, optimizer))
