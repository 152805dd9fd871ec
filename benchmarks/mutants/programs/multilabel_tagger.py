"""Tags for posts: several may apply, and the rare ones weigh more."""

import torch
import torch.nn as nn


class Tagger(nn.Module):
    def __init__(self, features, tags):
        super().__init__()
        self.hidden = nn.Linear(features, 512)
        self.norm = nn.LayerNorm(512)
        self.dropout = nn.Dropout(0.2)
        self.tags = nn.Linear(512, tags)

    def forward(self, x):
        x = self.dropout(torch.relu(self.norm(self.hidden(x))))
        return self.tags(x)

    def predict(self, x, threshold=0.5):
        return torch.sigmoid(self(x)) > threshold


def tag_weights(targets):
    positives = targets.sum(dim=0)
    return (len(targets) - positives) / positives.clamp(min=1)


features, targets = torch.load("posts.pt")
model = Tagger(features.shape[1], targets.shape[1])
criterion = nn.BCEWithLogitsLoss(pos_weight=tag_weights(targets))
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4)
batches = torch.utils.data.DataLoader(
    torch.utils.data.TensorDataset(features, targets.float()), batch_size=256, shuffle=True
)

for epoch in range(20):
    running = 0.0
    for x, y in batches:
        logits = model(x)
        loss = criterion(logits, y)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        running += loss.item()
    print(f"epoch {epoch}: {running / len(batches):.4f}")
