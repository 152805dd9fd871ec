"""What is measured: a loss, torch's nearest built-in, and the same loss of other libraries."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

import losslint.losses as ours
from losslint.losses import functional

Loss = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Row:
    """One size of one loss.

    Attributes:
        name: the loss and the size.
        tensors: makes prediction and target.
        baseline: what 1.0 is.
        baseline_name: what that is called.
        loss: ours.
        peers: by library, a function that imports it and makes the loss.
        time_limit: the ratio of time that is promised, if any.
        memory_limit: the ratio of memory that is promised, if any.
    """

    name: str
    tensors: Callable[[], tuple[Tensor, Tensor]]
    baseline: Loss
    baseline_name: str
    loss: Loss
    peers: dict[str, Callable[[], Loss]] = field(default_factory=dict)
    time_limit: float | None = None
    memory_limit: float | None = None


def _classes(*shape: int) -> Callable[[], tuple[Tensor, Tensor]]:
    def make() -> tuple[Tensor, Tensor]:
        generator = torch.Generator().manual_seed(0)
        target = torch.randint(shape[1], (shape[0], *shape[2:]), generator=generator)
        return torch.randn(shape, generator=generator), target

    return make


def _labels(*shape: int) -> Callable[[], tuple[Tensor, Tensor]]:
    def make() -> tuple[Tensor, Tensor]:
        generator = torch.Generator().manual_seed(0)
        target = (torch.rand(shape, generator=generator) < 0.1).float()
        return torch.randn(shape, generator=generator), target

    return make


def _numbers(*shape: int) -> Callable[[], tuple[Tensor, Tensor]]:
    def make() -> tuple[Tensor, Tensor]:
        generator = torch.Generator().manual_seed(0)
        return torch.randn(shape, generator=generator), torch.randn(shape, generator=generator)

    return make


def _kornia(name: str, **options: Any) -> Callable[[], Loss]:
    def make() -> Loss:
        loss: Loss = getattr(importlib.import_module("kornia.losses"), name)(**options)
        return loss

    return make


def _monai(name: str, channel: bool = True, **options: Any) -> Callable[[], Loss]:
    def make() -> Loss:
        loss = getattr(importlib.import_module("monai.losses"), name)(**options)
        return lambda logits, target: loss(logits, target.unsqueeze(1) if channel else target)

    return make


def _views_told_apart(first: Tensor, second: Tensor) -> Tensor:
    """NT-Xent in torch's operations, without leaving out a sample's likeness to itself."""
    views = F.normalize(torch.cat([first, second]))
    target = torch.arange(len(views), device=views.device).roll(len(first))
    return F.cross_entropy(views @ views.T / 0.5, target)


_IMAGE = (4, 21, 256, 256)

ROWS = [
    Row(
        "focal 64 x 1000",
        _classes(64, 1000),
        F.cross_entropy,
        "cross_entropy",
        functional.focal_loss,
        {
            "kornia": _kornia("FocalLoss", alpha=None, reduction="mean"),
            "monai": _monai("FocalLoss", to_onehot_y=True, use_softmax=True),
        },
        time_limit=1.4,
    ),
    Row(
        "focal 4 x 21 x 256 x 256",
        _classes(*_IMAGE),
        F.cross_entropy,
        "cross_entropy",
        functional.focal_loss,
        {
            "kornia": _kornia("FocalLoss", alpha=None, reduction="mean"),
            "monai": _monai("FocalLoss", to_onehot_y=True, use_softmax=True),
        },
        time_limit=1.0,
        memory_limit=0.5,
    ),
    Row(
        "dice 4 x 21 x 256 x 256",
        _classes(*_IMAGE),
        F.cross_entropy,
        "cross_entropy",
        ours.DiceLoss("multiclass"),
        {
            "kornia": _kornia("DiceLoss", average="macro"),
            "monai": _monai("DiceLoss", to_onehot_y=True, softmax=True),
        },
        time_limit=0.9,
    ),
    Row(
        "dice and cross entropy 4 x 21 x 256 x 256",
        _classes(*_IMAGE),
        F.cross_entropy,
        "cross_entropy",
        ours.CrossEntropyDiceLoss(),
        {"monai": _monai("DiceCELoss", to_onehot_y=True, softmax=True)},
    ),
    Row(
        "tversky 4 x 21 x 256 x 256",
        _classes(*_IMAGE),
        F.cross_entropy,
        "cross_entropy",
        ours.TverskyLoss("multiclass"),
        {
            "kornia": _kornia("TverskyLoss", alpha=0.3, beta=0.7),
            "monai": _monai("TverskyLoss", to_onehot_y=True, softmax=True),
        },
    ),
    Row(
        "lovasz softmax 2 x 5 x 128 x 128",
        _classes(2, 5, 128, 128),
        F.cross_entropy,
        "cross_entropy",
        ours.LovaszSoftmaxLoss(),
        {"kornia": _kornia("LovaszSoftmaxLoss")},
    ),
    Row(
        "binary focal 64 x 80",
        _labels(64, 80),
        F.binary_cross_entropy_with_logits,
        "bce_with_logits",
        functional.binary_focal_loss,
        {
            "kornia": _kornia("BinaryFocalLossWithLogits", alpha=0.25, reduction="mean"),
            "monai": _monai("FocalLoss", channel=False, alpha=0.25),
        },
    ),
    Row(
        "binary focal 8 x 1 x 512 x 512",
        _labels(8, 1, 512, 512),
        F.binary_cross_entropy_with_logits,
        "bce_with_logits",
        functional.binary_focal_loss,
        {
            "kornia": _kornia("BinaryFocalLossWithLogits", alpha=0.25, reduction="mean"),
            "monai": _monai("FocalLoss", channel=False, alpha=0.25),
        },
    ),
    Row(
        "asymmetric 128 x 9605",
        _labels(128, 9605),
        F.binary_cross_entropy_with_logits,
        "bce_with_logits",
        ours.AsymmetricLoss(),
    ),
    Row(
        "log-cosh 1024 x 1024",
        _numbers(1024, 1024),
        nn.HuberLoss(),
        "huber",
        ours.LogCoshLoss(),
    ),
    Row(
        "charbonnier 8 x 3 x 256 x 256",
        _numbers(8, 3, 256, 256),
        nn.HuberLoss(),
        "huber",
        ours.CharbonnierLoss(),
        {"kornia": _kornia("CharbonnierLoss", reduction="mean")},
    ),
    Row(
        "nt-xent 2 x 1024 x 128",
        _numbers(1024, 128),
        _views_told_apart,
        "cross_entropy of the similarities",
        # No peers: pytorch-metric-learning sets every positive pair against every negative one
        # (34 GB here), and MONAI copies the matrix for each of the 128 dimensions (2 GB a copy).
        ours.NTXentLoss(),
        time_limit=0.7,
        memory_limit=0.5,
    ),
]
