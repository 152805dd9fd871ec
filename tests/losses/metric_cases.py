"""Losses on embeddings, written from their formulas with loops."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import torch

from losslint.losses.functional.margin import arcface_loss, cosface_loss
from losslint.losses.functional.metric_learning import (
    batch_triplet_loss,
    contrastive_loss,
    info_nce_loss,
    nt_xent_loss,
    supervised_contrastive_loss,
)
from tests.losses.batch_cases import BatchCase, mean_over
from tests.losses.cases import Array, Tensors, randn

# Label 3 has one sample only.
LABELS = [0, 1, 0, 2, 1, 0, 3, 2]


def labelled() -> Tensors:
    return randn(len(LABELS), 5), torch.tensor(LABELS)


def pairs() -> Tensors:
    return randn(4, 5), randn(4, 5, seed=1)


def labelled_pairs() -> Tensors:
    # Close enough for the margin to matter.
    return randn(6, 3) / 3, randn(6, 3, seed=1) / 3, torch.tensor([1, 0, 0, 1, 0, 0])


def with_centres() -> Tensors:
    target = torch.tensor([0, 2, -100, 1, 2, 0])
    return randn(6, 5), randn(3, 5, seed=1), target


def cosines(first: Array, second: Array) -> Array:
    return np.asarray(
        [[a @ b / np.linalg.norm(a) / np.linalg.norm(b) for b in second] for a in first]
    )


def cross_entropy(logits: Array, right: int) -> float:
    return float(np.log(np.exp(logits).sum()) - logits[right])


def contrastive(first: Array, second: Array, label: Array, *, margin: float) -> Array:
    distance = np.sqrt(((first - second) ** 2).sum(1))
    similar = distance**2 / 2
    return np.asarray(np.where(label == 1, similar, np.maximum(0, margin - distance) ** 2 / 2))


def distances(embeddings: Array, squared: bool) -> Array:
    rows = [[((a - b) ** 2).sum() for b in embeddings] for a in embeddings]
    return np.asarray(rows) if squared else np.sqrt(np.asarray(rows))


def others(labels: Array, anchor: int) -> list[int]:
    return [j for j in range(len(labels)) if labels[j] == labels[anchor] and j != anchor]


def hard_triplets(embeddings: Array, labels: Array, *, margin: float, squared: bool) -> Array:
    apart = distances(embeddings, squared)
    losses = np.zeros(len(labels))
    for anchor in range(len(labels)):
        if positives := others(labels, anchor):
            near = max(apart[anchor, j] for j in positives)
            far = min(apart[anchor, j] for j in range(len(labels)) if labels[j] != labels[anchor])
            losses[anchor] = max(0.0, near - far + margin)
    return losses


def semi_hard_triplets(embeddings: Array, labels: Array, *, margin: float) -> Array:
    apart = distances(embeddings, False)
    losses = np.zeros(apart.shape)
    for anchor in range(len(labels)):
        negatives = [apart[anchor, j] for j in range(len(labels)) if labels[j] != labels[anchor]]
        for positive in others(labels, anchor):
            near = apart[anchor, positive]
            farther = [distance for distance in negatives if distance > near]
            far = min(farther) if farther else max(negatives)
            losses[anchor, positive] = max(0.0, near - far + margin)
    return losses


def nt_xent(first: Array, second: Array, *, temperature: float) -> Array:
    both = np.concatenate([first, second])
    logits = cosines(both, both) / temperature
    losses = []
    for i in range(len(both)):
        rest = [j for j in range(len(both)) if j != i]
        partner = (i + len(first)) % len(both)
        losses.append(cross_entropy(logits[i, rest], rest.index(partner)))
    return np.asarray(losses)


def info_nce(query: Array, key: Array, *, temperature: float) -> Array:
    logits = cosines(query, key) / temperature
    return np.asarray([cross_entropy(row, i) for i, row in enumerate(logits)])


def clip(first: Array, second: Array, *, temperature: float) -> Array:
    there = info_nce(first, second, temperature=temperature)
    return (there + info_nce(second, first, temperature=temperature)) / 2


def moco(query: Array, key: Array, negatives: Array, *, temperature: float) -> Array:
    keys = [np.concatenate([[own], negatives]) for own in key]
    logits = [cosines(query[i : i + 1], keys[i])[0] / temperature for i in range(len(query))]
    return np.asarray([cross_entropy(row, 0) for row in logits])


def supervised(embeddings: Array, labels: Array, *, temperature: float) -> Array:
    logits = cosines(embeddings, embeddings) / temperature
    losses = np.zeros(len(labels))
    for i in range(len(labels)):
        rest = [j for j in range(len(labels)) if j != i]
        terms = [cross_entropy(logits[i, rest], rest.index(p)) for p in others(labels, i)]
        losses[i] = np.mean(terms) if terms else 0.0
    return losses


def cosface(
    embeddings: Array, centres: Array, target: Array, *, scale: float, margin: float
) -> Array:
    logits = cosines(embeddings, centres)
    losses = np.zeros(len(target))
    for i, right in enumerate(target.astype(int)):
        if right != -100:
            logits[i, right] -= margin
            losses[i] = cross_entropy(scale * logits[i], right)
    return losses


def arcface(
    embeddings: Array, centres: Array, target: Array, *, scale: float, margin: float
) -> Array:
    logits = cosines(embeddings, centres)
    losses = np.zeros(len(target))
    for i, right in enumerate(target.astype(int)):
        if right != -100:
            angle = np.arccos(logits[i, right])
            if angle + margin < np.pi:
                logits[i, right] = np.cos(angle + margin)
            else:
                logits[i, right] -= margin * np.sin(margin)
            losses[i] = cross_entropy(scale * logits[i], right)
    return losses


def has_positive(embeddings: Array, labels: Array) -> Array:
    return np.asarray([len(others(labels, i)) > 0 for i in range(len(labels))])


def positive_pairs(embeddings: Array, labels: Array) -> Array:
    return np.asarray([len(others(labels, i)) for i in range(len(labels))])


def classified(*arguments: Array) -> Array:
    return np.asarray(arguments[-1] != -100)


def with_negatives() -> Tensors:
    return *pairs(), randn(7, 5, seed=2)


def moco_loss(**options: Any) -> Any:
    return lambda query, key, negatives: info_nce_loss(query, key, negatives=negatives, **options)


CASES = [
    BatchCase(
        "contrastive",
        partial(partial, contrastive_loss, margin=1.5),
        labelled_pairs,
        partial(contrastive, margin=1.5),
        is_smooth=False,
        is_steep=True,
    ),
    *(
        BatchCase(
            f"triplet-hard{'-squared' if squared else ''}",
            partial(partial, batch_triplet_loss, margin=0.9, squared=squared),
            labelled,
            partial(hard_triplets, margin=0.9, squared=squared),
            mean_over(has_positive),
            is_smooth=False,
            is_steep=squared,
        )
        for squared in (False, True)
    ),
    BatchCase(
        "triplet-semi-hard",
        partial(partial, batch_triplet_loss, margin=0.9, mining="semi-hard"),
        labelled,
        partial(semi_hard_triplets, margin=0.9),
        mean_over(positive_pairs),
        is_smooth=False,
    ),
    BatchCase(
        "nt-xent",
        partial(partial, nt_xent_loss, temperature=0.2),
        pairs,
        partial(nt_xent, temperature=0.2),
    ),
    BatchCase(
        "info-nce",
        partial(partial, info_nce_loss, temperature=0.2),
        pairs,
        partial(info_nce, temperature=0.2),
    ),
    BatchCase(
        "info-nce-symmetric",
        partial(partial, info_nce_loss, temperature=0.2, symmetric=True),
        pairs,
        partial(clip, temperature=0.2),
    ),
    BatchCase(
        "info-nce-negatives",
        partial(moco_loss, temperature=0.2),
        with_negatives,
        partial(moco, temperature=0.2),
    ),
    BatchCase(
        "supervised-contrastive",
        partial(partial, supervised_contrastive_loss, temperature=0.2),
        labelled,
        partial(supervised, temperature=0.2),
        mean_over(has_positive),
    ),
    BatchCase(
        "cosface",
        partial(partial, cosface_loss, scale=5.0, margin=0.35),
        with_centres,
        partial(cosface, scale=5.0, margin=0.35),
        mean_over(classified),
    ),
    BatchCase(
        "arcface",
        partial(partial, arcface_loss, scale=5.0, margin=1.5),
        with_centres,
        partial(arcface, scale=5.0, margin=1.5),
        mean_over(classified),
    ),
]
