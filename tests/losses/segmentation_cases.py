"""Losses over regions, written from their formulas: a loop over samples and classes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch

from losslint.losses import (
    BCEDiceLoss,
    CrossEntropyDiceLoss,
    DiceLoss,
    FocalTverskyLoss,
    GeneralizedDiceLoss,
    JaccardLoss,
    LovaszHingeLoss,
    LovaszSoftmaxLoss,
    TverskyLoss,
)
from tests.losses.cases import Array, Case, Tensors, rand, randint, randn

CLASSES = 4
WEIGHT = [0.5, 2.0, 1.0, 0.25]


def weights() -> torch.Tensor:
    return torch.tensor(WEIGHT, dtype=torch.float64)


def class_tensors() -> Tensors:
    # Class 3 is missing everywhere, and class 0 in the first sample.
    target = randint(3, 3, 2, 4)
    target[0] = target[0].clamp_min(1)
    return randn(3, CLASSES, 2, 4) * 2, target


def label_tensors() -> Tensors:
    target = randint(2, 3, CLASSES, 6).double()
    target[0, 1] = 0
    return randn(3, CLASSES, 6) * 2, target


def binary_tensors() -> Tensors:
    target = randint(2, 3, 2, 5).double()
    target[1] = 0
    return randn(3, 2, 5) * 2, target


def soft_tensors() -> Tensors:
    return randn(3, 2, 5) * 2, rand(3, 2, 5, seed=4)


Pair = Callable[[Array, Array], float]


def softmax_pairs(logits: Array, target: Array) -> list[list[tuple[Array, Array]]]:
    powers = np.exp(logits)
    p = powers / powers.sum(1, keepdims=True)
    return [
        [(p[n, c].ravel(), (target[n] == c).ravel().astype(float)) for c in range(CLASSES)]
        for n in range(len(logits))
    ]


def sigmoid_pairs(logits: Array, target: Array) -> list[list[tuple[Array, Array]]]:
    p = 1 / (1 + np.exp(-logits))
    return [
        [(p[n, c].ravel(), target[n, c].ravel()) for c in range(logits.shape[1])]
        for n in range(len(logits))
    ]


def binary_pairs(logits: Array, target: Array) -> list[list[tuple[Array, Array]]]:
    return sigmoid_pairs(logits[:, None], target[:, None])


def over_regions(
    logits: Array,
    target: Array,
    *,
    pairs: Any,
    loss: Pair,
    weight: list[float] | None = None,
    present: bool = False,
) -> Array:
    samples = []
    for classes in pairs(logits, target):
        total, divisor = 0.0, 0.0
        for number, (p, y) in enumerate(classes):
            w = 1.0 if weight is None else weight[number]
            if present and not y.any():
                w = 0.0
            total, divisor = total + w * loss(p, y), divisor + w
        samples.append(total / divisor if divisor else 0.0)
    return np.asarray(samples)


def mean_of_present(losses: Array, _: Array, target: Array) -> float:
    return float(losses.sum() / sum(sample.any() for sample in target))


def dice(p: Array, y: Array, smooth: float = 1.0) -> float:
    return float(1 - (2 * (p * y).sum() + smooth) / (p.sum() + y.sum() + smooth))


def squared_dice(p: Array, y: Array) -> float:
    return float(1 - (2 * (p * y).sum() + 1) / ((p**2).sum() + (y**2).sum() + 1))


def jaccard(p: Array, y: Array) -> float:
    both = (p * y).sum()
    return float(1 - (both + 0.5) / (p.sum() + y.sum() - both + 0.5))


def squared_jaccard(p: Array, y: Array) -> float:
    both = (p * y).sum()
    return float(1 - (both + 1) / ((p**2).sum() + (y**2).sum() - both + 1))


def tversky(p: Array, y: Array, power: float = 1.0) -> float:
    both, extra, missing = (p * y).sum(), (p * (1 - y)).sum(), ((1 - p) * y).sum()
    return float((1 - (both + 1) / (both + 0.3 * extra + 0.7 * missing + 1)) ** power)


def lovasz(errors: Array, y: Array) -> float:
    """The Jaccard loss of the pixels with the largest errors, one more at a time."""
    order = np.argsort(-errors)
    total, before = 0.0, 0.0
    wrong = np.zeros(len(y), dtype=bool)
    for pixel in order:
        wrong[pixel] = True
        predicted = np.where(wrong, 1 - y, y)
        union = np.maximum(predicted, y).sum()
        now = 1 - (predicted * y).sum() / union if union else 0.0
        total, before = total + errors[pixel] * (now - before), now
    return float(total)


def lovasz_hinge(p: Array, y: Array) -> float:
    logits = np.log(p / (1 - p))
    return lovasz(np.maximum(1 - logits * (2 * y - 1), 0), y)


def lovasz_softmax(p: Array, y: Array) -> float:
    return lovasz(np.abs(y - p), y)


def generalized_dice(logits: Array, target: Array, *, pairs: Any) -> Array:
    samples = []
    for classes in pairs(logits, target):
        sizes = np.asarray([y.sum() for _, y in classes])
        present = [1 / size**2 for size in sizes if size]
        absent = max(present, default=1.0)
        w = np.asarray([1 / size**2 if size else absent for size in sizes])
        w = w / w.sum()
        both = sum(w[c] * (p * y).sum() for c, (p, y) in enumerate(classes))
        total = sum(w[c] * (p.sum() + y.sum()) for c, (p, y) in enumerate(classes))
        samples.append(1 - (2 * both + 1) / (total + 1))
    return np.asarray(samples)


def bce_dice(logits: Array, target: Array, *, pairs: Any, positive: Any, parts: Any) -> Array:
    p = 1 / (1 + np.exp(-logits))
    entropy = -np.asarray(positive) * target * np.log(p) - (1 - target) * np.log(1 - p)
    return np.asarray(
        parts[0] * entropy.reshape(len(logits), -1).mean(1)
        + parts[1] * over_regions(logits, target, pairs=pairs, loss=dice)
    )


def cross_entropy_dice(logits: Array, target: Array) -> Array:
    powers = np.exp(logits)
    nll = -np.log(powers / powers.sum(1, keepdims=True))
    index = target.astype(int)
    picked = np.take_along_axis(nll, index[:, None], 1)[:, 0]
    w = np.asarray(WEIGHT)[index]
    share = (w * picked).reshape(len(target), -1).sum(1) / w.sum() * len(target)
    return np.asarray(share + 2 * over_regions(logits, target, pairs=softmax_pairs, loss=dice))


def case(name: str, build: Any, kind: str, reference: Any, **more: Any) -> Case:
    tensors = {
        "multiclass": class_tensors,
        "multilabel": label_tensors,
        "binary": binary_tensors,
        "soft": soft_tensors,
    }[kind]
    return Case(
        name,
        build,
        more.pop("tensors", tensors),
        reference,
        ignores=more.pop("ignores", "index" if kind == "multiclass" else "mask"),
        is_sum_of_positions=False,
        **more,
    )


def regions(name: str, build: Any, kind: str, loss: Pair, **more: Any) -> Case:
    pairs = {"multiclass": softmax_pairs, "multilabel": sigmoid_pairs}.get(kind, binary_pairs)
    options = {key: more.pop(key) for key in ("weight", "present") if key in more}
    reference = partial(over_regions, pairs=pairs, loss=loss, **options)
    return case(name, build, kind, reference, **more)


CASES = [
    regions("dice, multiclass", partial(DiceLoss, "multiclass"), "multiclass", dice),
    regions("dice, mask", partial(DiceLoss, "multiclass"), "multiclass", dice, ignores="mask"),
    regions("dice, multilabel", partial(DiceLoss, "multilabel"), "multilabel", dice),
    regions("dice, binary", partial(DiceLoss, "binary"), "binary", dice),
    regions("dice, soft", partial(DiceLoss, "binary", squared=True), "soft", squared_dice),
    regions(
        "dice, weighted",
        lambda **more: DiceLoss("multiclass", weight=weights(), **more),
        "multiclass",
        dice,
        weight=WEIGHT,
    ),
    regions(
        "dice, present",
        partial(DiceLoss, "multiclass", average="present", smooth=0.0),
        "multiclass",
        partial(dice, smooth=0.0),
        present=True,
    ),
    regions(
        "dice, binary, present",
        partial(DiceLoss, "binary", average="present"),
        "binary",
        dice,
        present=True,
        mean=mean_of_present,
    ),
    regions(
        "dice, squared",
        partial(DiceLoss, "multiclass", squared=True),
        "multiclass",
        squared_dice,
    ),
    regions("jaccard", partial(JaccardLoss, "multiclass", smooth=0.5), "multiclass", jaccard),
    regions(
        "jaccard, squared", partial(JaccardLoss, "binary", squared=True), "binary", squared_jaccard
    ),
    regions("tversky", partial(TverskyLoss, "multiclass"), "multiclass", tversky),
    regions(
        "focal tversky",
        partial(FocalTverskyLoss, "multilabel"),
        "multilabel",
        partial(tversky, power=0.75),
    ),
    case(
        "generalized dice",
        partial(GeneralizedDiceLoss, "multiclass"),
        "multiclass",
        partial(generalized_dice, pairs=softmax_pairs),
    ),
    case(
        "generalized dice, binary",
        partial(GeneralizedDiceLoss, "binary"),
        "binary",
        partial(generalized_dice, pairs=binary_pairs),
    ),
    regions("lovasz hinge", LovaszHingeLoss, "binary", lovasz_hinge, is_smooth=False),
    regions(
        "lovasz hinge, multilabel, present",
        partial(LovaszHingeLoss, "multilabel", average="present"),
        "multilabel",
        lovasz_hinge,
        present=True,
        is_smooth=False,
    ),
    regions(
        "lovasz softmax",
        LovaszSoftmaxLoss,
        "multiclass",
        lovasz_softmax,
        present=True,
        is_smooth=False,
    ),
    regions(
        "lovasz softmax, all",
        partial(LovaszSoftmaxLoss, average="all"),
        "multiclass",
        lovasz_softmax,
        is_smooth=False,
    ),
    case(
        "bce and dice",
        lambda **more: BCEDiceLoss(
            bce_weight=0.5, pos_weight=torch.tensor([3.0], dtype=torch.float64), **more
        ),
        "binary",
        partial(bce_dice, pairs=binary_pairs, positive=3.0, parts=(0.5, 1.0)),
    ),
    case(
        "bce and dice, multilabel",
        lambda **more: BCEDiceLoss("multilabel", pos_weight=weights(), dice_weight=2.0, **more),
        "multilabel",
        partial(
            bce_dice,
            pairs=sigmoid_pairs,
            positive=np.asarray(WEIGHT)[None, :, None],
            parts=(1.0, 2.0),
        ),
    ),
    case(
        "cross entropy and dice",
        lambda **more: CrossEntropyDiceLoss(weight=weights(), dice_weight=2.0, **more),
        "multiclass",
        cross_entropy_dice,
    ),
]
