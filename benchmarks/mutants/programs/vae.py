"""A variational autoencoder whose decoder gives logits."""

import torch
import torch.nn.functional as F
from torch import nn, optim
from torchvision import datasets, transforms
from torchvision.utils import save_image


class VAE(nn.Module):
    def __init__(self, latent=20):
        super().__init__()
        self.encode = nn.Sequential(nn.Linear(784, 400), nn.ReLU())
        self.mean = nn.Linear(400, latent)
        self.log_variance = nn.Linear(400, latent)
        self.decode = nn.Sequential(nn.Linear(latent, 400), nn.ReLU(), nn.Linear(400, 784))

    def forward(self, images):
        hidden = self.encode(images.view(-1, 784))
        mean, log_variance = self.mean(hidden), self.log_variance(hidden)
        noise = torch.randn_like(mean)
        latent = mean + noise * torch.exp(0.5 * log_variance)
        return self.decode(latent), mean, log_variance


def elbo(logits, images, mean, log_variance):
    reconstruction = F.binary_cross_entropy_with_logits(
        logits, images.view(-1, 784), reduction="sum"
    )
    divergence = -0.5 * torch.sum(1 + log_variance - mean.pow(2) - log_variance.exp())
    return (reconstruction + divergence) / len(images)


def main():
    digits = datasets.MNIST("data", download=True, transform=transforms.ToTensor())
    loader = torch.utils.data.DataLoader(digits, batch_size=128, shuffle=True)
    model = VAE()
    optimizer = optim.Adam(model.parameters(), lr=1e-3)
    for epoch in range(10):
        model.train()
        for images, _ in loader:
            optimizer.zero_grad()
            logits, mean, log_variance = model(images)
            loss = elbo(logits, images, mean, log_variance)
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            sample = torch.sigmoid(model.decode(torch.randn(64, 20)))
            save_image(sample.view(64, 1, 28, 28), f"sample_{epoch}.png")


if __name__ == "__main__":
    main()
