"""Losses on embeddings."""

from __future__ import annotations

from losslint.catalogue.entry import Argument, Entry

_GROUP = "metric learning"
_LOSSES = "losslint.losses."
_FUNCTIONS = "losslint.losses.functional."
_EMBEDDINGS = Argument("embeddings", "(N, D)", "floating")
_LABELS = Argument("labels", "(N,)", "integers, several samples of each")
_VIEWS = (
    Argument("first", "(N, D)", "embeddings of one view, floating"),
    Argument("second", "(N, D)", "of the other view of the same samples"),
)
_FACES = (
    Argument("input", "(N, D)", "embeddings, floating; of any length"),
    Argument("target", "(N,)", "class indices, torch.int64"),
)


def _labelled(module: str, options: str = "") -> str:
    return f"""import torch
from losslint.losses import {module}

criterion = {module}({options})
embeddings = torch.randn(8, 16, requires_grad=True)
loss = criterion(embeddings, torch.arange(4).repeat(2))
loss.backward()
"""


def _paired(module: str, options: str = "") -> str:
    return f"""import torch
from losslint.losses import {module}

criterion = {module}({options})
first, second = torch.randn(2, 8, 16, requires_grad=True)
loss = criterion(first, second)
loss.backward()
"""


ENTRIES = (
    Entry(
        "supervised-contrastive",
        _GROUP,
        "pulls each embedding to all others of its label",
        _FUNCTIONS + "supervised_contrastive_loss",
        _LOSSES + "SupervisedContrastiveLoss",
        "-mean over p of log (exp(z_i z_p / T) / sum over j != i of exp(z_i z_j / T)),  "
        "p: others of i's label",
        (_EMBEDDINGS, _LABELS),
        "Labels are at hand, and the embeddings are wanted, or a classifier on top of them.",
        "There are no labels: nt-xent. Batches hold one sample of most labels: arcface.",
        _labelled("SupervisedContrastiveLoss", "temperature=0.1"),
        ("Khosla et al., Supervised Contrastive Learning, 2020, arXiv:2004.11362",),
    ),
    Entry(
        "nt-xent",
        _GROUP,
        "finds the other view of each sample in the batch (SimCLR)",
        _FUNCTIONS + "nt_xent_loss",
        _LOSSES + "NTXentLoss",
        "-log (exp(z_i z_p / T) / sum over j != i of exp(z_i z_j / T)),  p: the other view of i",
        _VIEWS,
        "Learning from two augmentations of unlabelled samples, in large batches. On several "
        "devices gather both: losslint.losses.distributed.gather_with_gradient.",
        "There are labels: supervised-contrastive. The two sides are of different kinds, or "
        "negatives come from a queue: info-nce.",
        _paired("NTXentLoss", "temperature=0.5"),
        ("Chen et al., SimCLR, 2020, arXiv:2002.05709",),
    ),
    Entry(
        "info-nce",
        _GROUP,
        "finds the key of each query among others (CPC, MoCo, CLIP)",
        _FUNCTIONS + "info_nce_loss",
        _LOSSES + "InfoNCELoss",
        "-log (exp(q_i k_i / T) / sum over j of exp(q_i k_j / T))",
        (
            Argument("query", "(N, D)", "embeddings, floating"),
            Argument("key", "(N, D)", "the key of each query"),
            Argument("negatives", "(M, D)", "optional: keys of no query, in place of the batch's"),
        ),
        "Image and text, question and answer, present and future: pairs of different kinds "
        "(symmetric=True for CLIP), or a queue of negatives. The temperature may be learned.",
        "Both sides are views of one kind, and all others in the batch are negatives: nt-xent.",
        _paired("InfoNCELoss", "symmetric=True"),
        (
            "van den Oord et al., Contrastive Predictive Coding, 2018, arXiv:1807.03748",
            "Radford et al., CLIP, 2021, arXiv:2103.00020",
        ),
    ),
    Entry(
        "arcface",
        _GROUP,
        "softmax over class centres with a margin in the angle",
        _FUNCTIONS + "arcface_loss",
        _LOSSES + "ArcFaceLoss",
        "CE(s cos(a_j + m [j = y])),  a_j: the angle to the centre of class j",
        _FACES,
        "Many classes with few samples each, to be told apart by cosine, such as faces and "
        "products. It needs no pairs. Give its centres to the optimizer.",
        "Training is unstable at the start: cosface, or a smaller margin. Classes come and go: "
        "supervised-contrastive, batch-triplet.",
        """import torch
from losslint.losses import ArcFaceLoss

criterion = ArcFaceLoss(num_classes=10, embedding_size=16)
optimizer = torch.optim.SGD(criterion.parameters(), lr=0.1)  # and the network's
embeddings = torch.randn(8, 16, requires_grad=True)
loss = criterion(embeddings, torch.arange(8))
loss.backward()
""",
        ("Deng et al., ArcFace, 2019, arXiv:1801.07698",),
    ),
    Entry(
        "cosface",
        _GROUP,
        "softmax over class centres with a margin in the cosine",
        _FUNCTIONS + "cosface_loss",
        _LOSSES + "CosFaceLoss",
        "CE(s (cos a_j - m [j = y])),  a_j: the angle to the centre of class j",
        _FACES,
        "As arcface, and steadier: its margin has the same slope at every angle.",
        "Classes come and go: supervised-contrastive, batch-triplet.",
        """import torch
from losslint.losses import CosFaceLoss

criterion = CosFaceLoss(num_classes=10, embedding_size=16)
optimizer = torch.optim.SGD(criterion.parameters(), lr=0.1)  # and the network's
embeddings = torch.randn(8, 16, requires_grad=True)
loss = criterion(embeddings, torch.arange(8))
loss.backward()
""",
        ("Wang et al., CosFace, 2018, arXiv:1801.09414",),
    ),
    Entry(
        "batch-triplet",
        _GROUP,
        "triplets chosen within the batch, hard or semi-hard",
        _FUNCTIONS + "batch_triplet_loss",
        _LOSSES + "BatchTripletLoss",
        "max(0, d(a, p) - d(a, n) + m)",
        (_EMBEDDINGS, _LABELS),
        "Re-identification and retrieval, with labels and batches of several samples of each. "
        "Begin with mining='semi-hard': hard mining can collapse all embeddings to a point.",
        "You have triplets: triplet-margin. Labels are many and rare: arcface.",
        _labelled("BatchTripletLoss", 'margin=0.2, mining="semi-hard"'),
        (
            "Schroff et al., FaceNet, 2015, arXiv:1503.03832",
            "Hermans et al., In Defense of the Triplet Loss, 2017, arXiv:1703.07737",
        ),
    ),
    Entry(
        "contrastive",
        _GROUP,
        "pairs that are alike or not; label 1 means similar",
        _FUNCTIONS + "contrastive_loss",
        _LOSSES + "ContrastiveLoss",
        "y d^2 / 2 + (1 - y) max(0, m - d)^2 / 2",
        (
            Argument("first", "(N, D)", "embeddings, floating"),
            Argument("second", "(N, D)", "the other of each pair"),
            Argument("label", "(N,)", "1 similar, 0 not"),
        ),
        "Pairs with a yes or no are what there is, as for signatures and duplicates.",
        "There are labels of samples: supervised-contrastive makes use of all pairs in the batch.",
        """import torch
from losslint.losses import ContrastiveLoss

criterion = ContrastiveLoss(margin=1.0)
first, second = torch.randn(2, 8, 16, requires_grad=True)
loss = criterion(first, second, torch.randint(2, (8,)))
loss.backward()
""",
        ("Hadsell et al., Dimensionality Reduction by Learning an Invariant Mapping, 2006",),
    ),
    Entry(
        "triplet-margin",
        _GROUP,
        "triplets that you have; torch's own",
        "torch.nn.functional.triplet_margin_loss",
        "torch.nn.TripletMarginLoss",
        "max(0, d(a, p) - d(a, n) + m)",
        (
            Argument("anchor", "(N, D)", "embeddings, floating"),
            Argument("positive", "(N, D)", "to be near"),
            Argument("negative", "(N, D)", "to be farther"),
        ),
        "The triplets come with the data.",
        "They are to be found: batch-triplet. At random most soon cost nothing.",
        """import torch
from torch import nn

criterion = nn.TripletMarginLoss()
anchor, positive, negative = torch.randn(3, 8, 16, requires_grad=True)
loss = criterion(anchor, positive, negative)
loss.backward()
""",
        ("torch.nn.TripletMarginLoss",),
    ),
    Entry(
        "cosine-embedding",
        _GROUP,
        "pairs that are alike (1) or not (-1), by cosine; torch's own",
        "torch.nn.functional.cosine_embedding_loss",
        "torch.nn.CosineEmbeddingLoss",
        "1 - cos where y = 1, max(0, cos - m) where y = -1",
        (
            Argument("input1", "(N, D)", "embeddings, floating"),
            Argument("input2", "(N, D)", "the other of each pair"),
            Argument("target", "(N,)", "1 similar, -1 not"),
        ),
        "Pairs to be compared by cosine, such as sentences.",
        "Lengths count: contrastive. Labels are 0 and 1: convert them, 0 is taken for neither.",
        """import torch
from torch import nn

criterion = nn.CosineEmbeddingLoss()
first, second = torch.randn(2, 8, 16, requires_grad=True)
loss = criterion(first, second, 2 * torch.randint(2, (8,)) - 1)
loss.backward()
""",
        ("torch.nn.CosineEmbeddingLoss",),
    ),
)
