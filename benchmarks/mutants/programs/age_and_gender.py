"""Two tasks on one trunk: gender as a class, age as a number, weighted by hand."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class FaceNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(
            nn.Conv2d(3, 32, 3, 2),
            nn.ReLU(),
            nn.Conv2d(32, 64, 3, 2),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )
        self.gender = nn.Linear(64, 2)
        self.age = nn.Linear(64, 1)

    def forward(self, faces):
        features = self.trunk(faces)
        return self.gender(features), self.age(features).squeeze(1)


def train(model, loader, epochs=30, age_weight=0.01):
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for epoch in range(epochs):
        for faces, genders, ages in loader:
            gender_logits, predicted_ages = model(faces)
            gender_loss = F.cross_entropy(gender_logits, genders)
            age_loss = F.mse_loss(predicted_ages, ages)
            loss = gender_loss + age_weight * age_loss
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        print(epoch, gender_loss.item(), age_loss.item())


if __name__ == "__main__":
    faces = torch.utils.data.DataLoader(torch.load("faces.pt"), batch_size=64, shuffle=True)
    train(FaceNet(), faces)
