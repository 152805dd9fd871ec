"""Fine-tunes a pretrained network with Lightning."""

import lightning as L
import torch
import torch.nn.functional as F
from torch import nn
from torchvision import models


class Classifier(L.LightningModule):
    def __init__(self, classes: int, lr: float = 1e-4) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.backbone = models.resnet18(weights="DEFAULT")
        self.backbone.fc = nn.Identity()
        self.head = nn.Linear(512, classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.head(self.backbone(images))

    def shared_step(self, batch: tuple[torch.Tensor, torch.Tensor], stage: str) -> torch.Tensor:
        images, labels = batch
        logits = self(images)
        loss = F.cross_entropy(logits, labels)
        self.log(f"{stage}_loss", loss)
        self.log(f"{stage}_accuracy", (logits.argmax(dim=1) == labels).float().mean())
        return loss

    def training_step(self, batch, batch_idx):
        return self.shared_step(batch, "train")

    def validation_step(self, batch, batch_idx):
        self.shared_step(batch, "valid")

    def predict_step(self, batch, batch_idx):
        return F.softmax(self(batch), dim=1)

    def configure_optimizers(self):
        return torch.optim.AdamW(self.parameters(), lr=self.hparams.lr)


if __name__ == "__main__":
    train, valid = torch.load("flowers.pt")
    trainer = L.Trainer(max_epochs=10)
    trainer.fit(Classifier(102), train, valid)
