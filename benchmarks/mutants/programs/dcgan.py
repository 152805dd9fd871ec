"""A DCGAN whose discriminator gives logits."""

import torch
import torch.nn as nn
import torchvision.transforms as T
from torchvision.datasets import ImageFolder

NOISE = 100


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.ConvTranspose2d(NOISE, 256, 4),
            nn.BatchNorm2d(256),
            nn.ReLU(True),
            nn.ConvTranspose2d(256, 128, 4, 2, 1),
            nn.BatchNorm2d(128),
            nn.ReLU(True),
            nn.ConvTranspose2d(128, 3, 4, 2, 1),
            nn.Tanh(),
        )

    def forward(self, noise):
        return self.net(noise)


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(3, 128, 4, 2, 1),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(128, 256, 4, 2, 1),
            nn.BatchNorm2d(256),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(256, 1, 4),
        )

    def forward(self, images):
        return self.net(images).view(-1)


def main():
    images = ImageFolder("faces", T.Compose([T.Resize(16), T.CenterCrop(16), T.ToTensor()]))
    loader = torch.utils.data.DataLoader(images, batch_size=128, shuffle=True, drop_last=True)
    netG, netD = Generator(), Discriminator()
    criterion = nn.BCEWithLogitsLoss()
    optimizerG = torch.optim.Adam(netG.parameters(), lr=2e-4, betas=(0.5, 0.999))
    optimizerD = torch.optim.Adam(netD.parameters(), lr=2e-4, betas=(0.5, 0.999))
    for epoch in range(25):
        for real, _ in loader:
            ones, zeros = torch.ones(len(real)), torch.zeros(len(real))

            optimizerD.zero_grad()
            loss_real = criterion(netD(real), ones)
            loss_real.backward()
            fake = netG(torch.randn(len(real), NOISE, 1, 1))
            loss_fake = criterion(netD(fake.detach()), zeros)
            loss_fake.backward()
            optimizerD.step()

            optimizerG.zero_grad()
            loss_G = criterion(netD(fake), ones)
            loss_G.backward()
            optimizerG.step()
        print(epoch, (loss_real + loss_fake).item(), loss_G.item())


if __name__ == "__main__":
    main()
