"""How much does an encoder know? A linear layer on its frozen features says."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader


class Encoder(nn.Module):
    def __init__(self, width=128):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 32, 3, stride=2), nn.GELU(), nn.Conv2d(32, width, 3, stride=2), nn.GELU()
        )

    def forward(self, images):
        return self.layers(images).mean(dim=(2, 3))


class Probe(nn.Module):
    def __init__(self, encoder, width=128, classes=10):
        super().__init__()
        self.linear = nn.Linear(width, classes)
        self.encoder_name = type(encoder).__name__

    def forward(self, features):
        return self.linear(features)


def probe(encoder, classifier, loader, epochs):
    encoder.eval()
    optimizer = torch.optim.SGD(classifier.parameters(), lr=0.1, momentum=0.9)
    for _ in range(epochs):
        right, seen = 0, 0
        for images, labels in loader:
            with torch.no_grad():
                features = encoder(images)
            logits = classifier(features)
            loss = F.cross_entropy(logits, labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            right += (logits.argmax(dim=1) == labels).sum().item()
            seen += len(labels)
        print(f"{classifier.encoder_name}: {right / seen:.1%}")


def main():
    encoder = Encoder()
    encoder.load_state_dict(torch.load("encoder.pt"))
    classifier = Probe(encoder)
    images = torch.load("images.pt")
    labels = torch.randint(0, 10, (len(images),))
    pairs = torch.utils.data.TensorDataset(images, labels)
    probe(encoder, classifier, DataLoader(pairs, batch_size=256, shuffle=True), epochs=10)


if __name__ == "__main__":
    main()
