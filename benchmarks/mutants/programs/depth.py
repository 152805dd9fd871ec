"""Depth from one image, with the scale-invariant error of Eigen et al. and a smoothness term."""

import torch
import torch.nn.functional as F
from torch import nn
from torchvision.models import resnet34


class DepthNet(nn.Module):
    def __init__(self):
        super().__init__()
        backbone = resnet34(weights="DEFAULT")
        self.encoder = nn.Sequential(*list(backbone.children())[:-2])
        self.decoder = nn.Sequential(
            nn.Conv2d(512, 128, 3, padding=1), nn.ReLU(), nn.Conv2d(128, 1, 3, padding=1)
        )

    def forward(self, images):
        depth = F.relu(self.decoder(self.encoder(images)))
        return F.interpolate(depth, size=images.shape[-2:], mode="bilinear")


def scale_invariant(predicted, log_measured, share=0.85, nearest=1e-3):
    difference = torch.log(predicted.clamp(min=nearest)) - log_measured
    variance = difference.pow(2).mean() - share * difference.mean().pow(2)
    return 10 * torch.sqrt(variance + 1e-8)


def smoothness(depth, images):
    depth = depth / (depth.mean(dim=(2, 3), keepdim=True) + 1e-7)
    edges = torch.exp(-images.diff(dim=-1).abs().mean(1, keepdim=True))
    return (depth.diff(dim=-1).abs() * edges).mean()


def main():
    loader = torch.utils.data.DataLoader(torch.load("rooms.pt"), batch_size=8, shuffle=True)
    model = DepthNet()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    for epoch in range(25):
        for images, log_measured in loader:
            optimizer.zero_grad()
            predicted = model(images)
            loss = scale_invariant(predicted, log_measured) + 0.1 * smoothness(predicted, images)
            loss.backward()
            optimizer.step()
        print(epoch, loss.item())


if __name__ == "__main__":
    main()
