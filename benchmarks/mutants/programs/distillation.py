"""A small student learns from labels and from a frozen teacher."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class Student(nn.Module):
    def __init__(self, classes=100):
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, stride=2, padding=1)
        self.body = nn.Sequential(nn.Conv2d(16, 64, 3, stride=2, padding=1), nn.ReLU())
        self.fc = nn.Linear(64, classes)

    def forward(self, x):
        x = self.body(F.relu(self.stem(x)))
        x = F.adaptive_avg_pool2d(x, 1).flatten(1)
        x = self.fc(x)
        return x


class DistillationLoss(nn.Module):
    def __init__(self, temperature=4.0, alpha=0.9):
        super().__init__()
        self.temperature = temperature
        self.alpha = alpha
        self.hard = nn.CrossEntropyLoss()
        self.soft = nn.KLDivLoss(reduction="batchmean")

    def forward(self, student, teacher, labels):
        soft = self.soft(
            F.log_softmax(student / self.temperature, dim=1),
            F.softmax(teacher / self.temperature, dim=1),
        )
        soft = soft * self.temperature**2
        return self.alpha * soft + (1 - self.alpha) * self.hard(student, labels)


def distill(student, teacher, loader, epochs=200):
    teacher.eval()
    criterion = DistillationLoss()
    optimizer = torch.optim.SGD(student.parameters(), lr=0.05, momentum=0.9, nesterov=True)
    for _ in range(epochs):
        student.train()
        for images, labels in loader:
            with torch.no_grad():
                wanted = teacher(images)
            loss = criterion(student(images), wanted, labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


if __name__ == "__main__":
    images = torch.utils.data.DataLoader(torch.load("images.pt"), batch_size=128, shuffle=True)
    distill(Student(), torch.load("teacher.pt"), images)
