"""Classification losses, written from their formulas."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import torch

from losslint.losses import (
    AsymmetricLoss,
    BinaryFocalLoss,
    FocalLoss,
    GeneralizedCrossEntropyLoss,
    LogitAdjustedCrossEntropyLoss,
    Poly1CrossEntropyLoss,
    SymmetricCrossEntropyLoss,
)
from tests.losses.cases import Array, Case, Tensors, rand, randint, randn

CLASSES = 4
WEIGHT = [0.5, 2.0, 1.0, 0.25]


def weights() -> torch.Tensor:
    return torch.tensor(WEIGHT, dtype=torch.float64)


def class_tensors() -> Tensors:
    return randn(3, CLASSES, 5) * 2, randint(CLASSES, 3, 5)


def examples() -> Tensors:
    return randn(7, CLASSES) * 2, randint(CLASSES, 7)


def label_tensors() -> Tensors:
    return randn(3, 2, 5) * 2, randint(2, 3, 2, 5).double()


def soft_label_tensors() -> Tensors:
    return randn(3, 2, 5) * 2, rand(3, 2, 5, seed=2)


def softmax(logits: Array) -> Array:
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return np.asarray(powers / powers.sum(1, keepdims=True))


def one_hot(target: Array, smoothing: float = 0.0) -> Array:
    rows = np.eye(CLASSES)[target.astype(int)]
    rows = rows * (1 - smoothing) + smoothing / CLASSES
    return np.moveaxis(rows, -1, 1)


def over_classes(values: list[float]) -> Array:
    return np.asarray(values)[None, :, None]


def focal(
    logits: Array,
    target: Array,
    *,
    gamma: float = 2,
    smoothing: float = 0.0,
    alpha: Any = None,
) -> Array:
    p = softmax(logits)
    terms = one_hot(target, smoothing) * (1 - p) ** gamma * -np.log(p)
    return np.asarray((terms * over_classes(alpha or [1.0] * CLASSES)).sum(1))


def focal_of_examples(logits: Array, target: Array, **options: Any) -> Array:
    return focal(logits[..., None], target[..., None], **options)[..., 0]


def logit_adjusted(logits: Array, target: Array, *, tau: float, smoothing: float) -> Array:
    prior = np.asarray([70, 20, 9, 1]) / 100
    return focal(
        logits + tau * np.log(over_classes(list(prior))), target, gamma=0, smoothing=smoothing
    )


def generalized(logits: Array, target: Array, *, q: float) -> Array:
    p = (softmax(logits) * one_hot(target)).sum(1)
    return np.asarray((1 - p**q) / q * np.asarray(WEIGHT)[target.astype(int)])


def symmetric(logits: Array, target: Array, *, alpha: float, beta: float) -> Array:
    p, y = softmax(logits), one_hot(target)
    log_y = np.where(y == 1, 0.0, -4.0)
    return np.asarray(-alpha * (y * np.log(p)).sum(1) - beta * (p * log_y).sum(1))


def poly1(logits: Array, target: Array, *, epsilon: float, smoothing: float) -> Array:
    p, y = softmax(logits), one_hot(target, smoothing)
    terms = y * (-np.log(p) + epsilon * (1 - p)) * over_classes(WEIGHT)
    return np.asarray(terms.sum(1))


def weighted_mean(losses: Array, _: Array, target: Array) -> float:
    return float(losses.sum() / np.asarray(WEIGHT)[target.astype(int)].sum())


def mean_of_positives(losses: Array, _: Array, target: Array) -> float:
    return float(losses.sum() / (target > 0).sum())


def binary_focal(
    logits: Array, target: Array, *, gamma: float, alpha: float | None, smoothing: float = 0.0
) -> Array:
    p, y = 1 / (1 + np.exp(-logits)), target * (1 - smoothing) + smoothing / 2
    positive, negative = (1.0, 1.0) if alpha is None else (alpha, 1 - alpha)
    return np.asarray(
        -positive * y * (1 - p) ** gamma * np.log(p) - negative * (1 - y) * p**gamma * np.log(1 - p)
    )


def asymmetric(logits: Array, target: Array, *, pos: float, neg: float, clip: float) -> Array:
    p = 1 / (1 + np.exp(-logits))
    shifted = np.maximum(p - clip, 0)
    return np.asarray(
        -target * (1 - p) ** pos * np.log(p) - (1 - target) * shifted**neg * np.log(1 - shifted)
    )


def classes(name: str, build: Any, reference: Any, **more: Any) -> Case:
    return Case(name, build, class_tensors, reference, ignores="index", **more)


def labels(
    name: str, build: Any, reference: Any, tensors: Any = label_tensors, **more: Any
) -> Case:
    return Case(name, build, tensors, reference, ignores="mask", **more)


CASES = [
    classes("focal", FocalLoss, focal),
    classes("focal, gamma 0", partial(FocalLoss, gamma=0.0), partial(focal, gamma=0)),
    classes("focal, gamma 0.5", partial(FocalLoss, gamma=0.5), partial(focal, gamma=0.5)),
    classes("focal, gamma 3", partial(FocalLoss, gamma=3), partial(focal, gamma=3)),
    classes(
        "focal, alpha",
        lambda **more: FocalLoss(alpha=weights(), **more),
        partial(focal, alpha=WEIGHT),
    ),
    Case("focal of examples", FocalLoss, examples, focal_of_examples, has_positions=False),
    Case(
        "focal of examples, gamma 0.5",
        partial(FocalLoss, gamma=0.5),
        examples,
        partial(focal_of_examples, gamma=0.5),
        has_positions=False,
    ),
    classes(
        "focal, smoothed",
        lambda **more: FocalLoss(gamma=1.5, alpha=weights(), label_smoothing=0.1, **more),
        partial(focal, gamma=1.5, smoothing=0.1, alpha=WEIGHT),
    ),
    classes(
        "focal, positives",
        partial(FocalLoss, normalizer="positives"),
        focal,
        mean=mean_of_positives,
    ),
    classes(
        "logit adjusted",
        lambda **more: LogitAdjustedCrossEntropyLoss(torch.tensor([70, 20, 9, 1]), **more),
        partial(logit_adjusted, tau=1.0, smoothing=0.0),
    ),
    classes(
        "logit adjusted, smoothed",
        lambda **more: LogitAdjustedCrossEntropyLoss(
            torch.tensor([70, 20, 9, 1]), tau=0.5, label_smoothing=0.2, **more
        ),
        partial(logit_adjusted, tau=0.5, smoothing=0.2),
    ),
    classes(
        "generalized",
        lambda **more: GeneralizedCrossEntropyLoss(q=0.7, weight=weights(), **more),
        partial(generalized, q=0.7),
        mean=weighted_mean,
    ),
    classes(
        "symmetric",
        partial(SymmetricCrossEntropyLoss, alpha=0.3, beta=0.7),
        partial(symmetric, alpha=0.3, beta=0.7),
    ),
    classes(
        "poly-1",
        lambda **more: Poly1CrossEntropyLoss(epsilon=2.0, weight=weights(), **more),
        partial(poly1, epsilon=2.0, smoothing=0.0),
        mean=weighted_mean,
    ),
    classes(
        "poly-1, smoothed",
        lambda **more: Poly1CrossEntropyLoss(weight=weights(), label_smoothing=0.1, **more),
        partial(poly1, epsilon=1.0, smoothing=0.1),
        mean=weighted_mean,
    ),
    labels("binary focal", BinaryFocalLoss, partial(binary_focal, gamma=2, alpha=0.25)),
    labels(
        "binary focal, plain",
        partial(BinaryFocalLoss, gamma=0.5, alpha=None),
        partial(binary_focal, gamma=0.5, alpha=None),
    ),
    labels(
        "binary focal, soft",
        partial(BinaryFocalLoss, gamma=1.5, label_smoothing=0.1),
        partial(binary_focal, gamma=1.5, alpha=0.25, smoothing=0.1),
        soft_label_tensors,
    ),
    labels(
        "binary focal, positives",
        partial(BinaryFocalLoss, normalizer="positives"),
        partial(binary_focal, gamma=2, alpha=0.25),
        mean=mean_of_positives,
    ),
    labels("asymmetric", AsymmetricLoss, partial(asymmetric, pos=0, neg=4, clip=0.05)),
    labels(
        "asymmetric, no clip",
        partial(AsymmetricLoss, gamma_neg=0.5, gamma_pos=1.0, clip=0.0),
        partial(asymmetric, pos=1, neg=0.5, clip=0.0),
        soft_label_tensors,
    ),
]
