"""Part-of-speech tags with NLLLoss behind a log_softmax, each word by itself."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

TAGS = 17


class WordTagger(nn.Module):
    def __init__(self, vocabulary, width=100):
        super().__init__()
        self.embed = nn.EmbeddingBag(vocabulary, width, mode="mean")
        self.hidden = nn.Linear(width, 128)
        self.out = nn.Linear(128, TAGS)

    def forward(self, letters):
        x = F.relu(self.hidden(self.embed(letters)))
        return F.log_softmax(self.out(x), dim=1)


def synthetic(words, vocabulary, letters=6):
    return TensorDataset(
        torch.randint(vocabulary, (words, letters)), torch.randint(TAGS, (words, 1))
    )


def run(epochs=5, vocabulary=5000):
    model = WordTagger(vocabulary)
    optimizer = torch.optim.Adagrad(model.parameters(), lr=0.05)
    loader = DataLoader(synthetic(20_000, vocabulary), batch_size=100, shuffle=True)
    for epoch in range(epochs):
        correct = 0
        for letters, tags in loader:
            log_probs = model(letters)
            loss = F.nll_loss(log_probs, tags.squeeze(1))
            model.zero_grad()
            loss.backward()
            optimizer.step()
            correct += (log_probs.argmax(dim=1, keepdim=True) == tags).sum().item()
        print(f"{epoch}: {correct / 20_000:.1%} right")


if __name__ == "__main__":
    run()
