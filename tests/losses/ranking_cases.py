"""Ranking losses, written from their formulas with loops."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import torch

from losslint.losses.functional.ranking import (
    bpr_loss,
    listnet_loss,
    pairwise_logistic_loss,
)
from tests.losses.batch_cases import BatchCase, mean_over
from tests.losses.cases import Array, Tensors, randn

# The last list has but one degree of relevance.
RELEVANCE = [[2, 0, 1, 0, 1], [0, 0, 0, 3, 1], [1, 1, 1, 1, 1]]
MASK = [[1, 1, 1, 0, 1], [1, 0, 1, 1, 0], [1, 1, 1, 1, 1]]


def lists() -> Tensors:
    return randn(3, 5), torch.tensor(RELEVANCE)


def masked_lists() -> Tensors:
    return *lists(), torch.tensor(MASK, dtype=torch.bool)


def kept(row: Array, mask: Array | None, number: int) -> Array:
    return row if mask is None else row[mask[number].astype(bool)]


def pairs(scores: Array, relevance: Array, mask: Array | None = None) -> list[list[float]]:
    """The differences of the scores of each list's pairs."""
    found = []
    for number in range(len(scores)):
        score, gain = kept(scores[number], mask, number), kept(relevance[number], mask, number)
        places = range(len(score))
        found.append([score[i] - score[j] for i in places for j in places if gain[i] > gain[j]])
    return found


def pairwise(
    scores: Array, relevance: Array, mask: Array | None = None, *, sigma: float = 1.0
) -> Array:
    return np.asarray(
        [
            np.mean([np.log(1 + np.exp(-sigma * difference)) for difference in differences] or [0])
            for differences in pairs(scores, relevance, mask)
        ]
    )


def has_pairs(scores: Array, relevance: Array, mask: Array | None = None) -> Array:
    return np.asarray([bool(differences) for differences in pairs(scores, relevance, mask)])


def softmax(row: Array) -> Array:
    return np.asarray(np.exp(row) / np.exp(row).sum())


def listnet(scores: Array, relevance: Array, mask: Array | None = None) -> Array:
    losses = []
    for number in range(len(scores)):
        score, gain = kept(scores[number], mask, number), kept(relevance[number], mask, number)
        losses.append(-(softmax(gain) * np.log(softmax(score))).sum())
    return np.asarray(losses)


def shares(scores: Array, relevance: Array, mask: Array | None = None) -> Array:
    losses = []
    for number in range(len(scores)):
        score, gain = kept(scores[number], mask, number), kept(relevance[number], mask, number)
        losses.append(-(gain / gain.sum() * np.log(softmax(score))).sum())
    return np.asarray(losses)


def bpr(positive: Array, negative: Array) -> Array:
    if negative.ndim > positive.ndim:
        positive = positive[..., None]
    return np.asarray(-np.log(1 / (1 + np.exp(negative - positive))))


def with_mask(loss: Any, **options: Any) -> Any:
    return lambda scores, relevance, mask: loss(scores, relevance, mask=mask, **options)


CASES = [
    BatchCase(
        "pairwise-logistic",
        partial(partial, pairwise_logistic_loss, sigma=1.5),
        lists,
        partial(pairwise, sigma=1.5),
        mean_over(has_pairs),
    ),
    BatchCase(
        "pairwise-logistic-masked",
        partial(with_mask, pairwise_logistic_loss),
        masked_lists,
        pairwise,
        mean_over(has_pairs),
    ),
    BatchCase("listnet", partial(partial, listnet_loss), lists, listnet),
    BatchCase("listnet-masked", partial(with_mask, listnet_loss), masked_lists, listnet),
    BatchCase("listnet-share", partial(partial, listnet_loss, target="share"), lists, shares),
    BatchCase(
        "listnet-share-masked",
        partial(with_mask, listnet_loss, target="share"),
        masked_lists,
        shares,
    ),
    BatchCase("bpr", partial(partial, bpr_loss), lambda: (randn(4, 3), randn(4, 3, seed=1)), bpr),
    BatchCase(
        "bpr-several", partial(partial, bpr_loss), lambda: (randn(4), randn(4, 3, seed=1)), bpr
    ),
]
