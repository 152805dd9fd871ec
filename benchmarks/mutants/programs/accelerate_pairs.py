"""Fine-tunes an encoder on pairs of sentences with Accelerate: do they mean the same?"""

import torch
from accelerate import Accelerator
from torch import nn
from transformers import AutoModel


class PairClassifier(nn.Module):
    def __init__(self, name="bert-base-cased"):
        super().__init__()
        self.encoder = AutoModel.from_pretrained(name)
        self.dropout = nn.Dropout(0.1)
        self.same = nn.Linear(768, 1)

    def forward(self, batch):
        states = self.encoder(**batch).last_hidden_state
        return self.same(self.dropout(states[:, 0])).squeeze(-1)


def main(config):
    accelerator = Accelerator(mixed_precision="fp16")
    model = PairClassifier()
    optimizer = torch.optim.AdamW(model.parameters(), lr=config["lr"])
    loader = torch.utils.data.DataLoader(torch.load("pairs.pt"), batch_size=config["batch"])
    loss_function = nn.BCEWithLogitsLoss()
    model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
    for epoch in range(config["epochs"]):
        model.train()
        for batch, same in loader:
            optimizer.zero_grad()
            scores = model(batch)
            loss = loss_function(scores, same.float())
            accelerator.backward(loss)
            optimizer.step()
        accelerator.print(epoch, loss.item())


if __name__ == "__main__":
    main({"lr": 2e-5, "batch": 32, "epochs": 3})
