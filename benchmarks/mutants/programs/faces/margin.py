"""An additive angular margin between the centres of the classes, as in ArcFace."""

import torch
import torch.nn.functional as F
from torch import nn


class AngularMargin(nn.Module):
    def __init__(self, width, people, scale=30.0, margin=0.5, eps=1e-6):
        super().__init__()
        self.centres = nn.Parameter(torch.empty(people, width))
        nn.init.xavier_normal_(self.centres)
        self.scale = scale
        self.margin = margin
        self.eps = eps

    def forward(self, embeddings, people):
        cosine = F.linear(F.normalize(embeddings), F.normalize(self.centres))
        angle = torch.acos(cosine.clamp(-1 + self.eps, 1 - self.eps))
        own = F.one_hot(people, len(self.centres)).bool()
        logits = torch.where(own, torch.cos(angle + self.margin), cosine)
        return F.cross_entropy(self.scale * logits, people)
