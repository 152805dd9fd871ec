"""Losses of classes and labels against kornia, MONAI and torch."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from losslint.losses import functional as ours
from tests.losses.cases import randint, randn

SEEDS = range(3)


def classes(seed: int) -> tuple[Tensor, Tensor]:
    return 3 * randn(2, 4, 5, 6, seed=seed), randint(4, 2, 5, 6, seed=seed)


def labels(seed: int) -> tuple[Tensor, Tensor]:
    return 3 * randn(2, 1, 5, 6, seed=seed), randint(2, 2, 1, 5, 6, seed=seed)


@pytest.mark.parametrize("gamma", [0.0, 1.0, 2.0, 3.5])
@pytest.mark.parametrize("seed", SEEDS)
def test_focal_of_kornia(seed: int, gamma: float) -> None:
    """Theirs gives a map of each class; its mean is over those, so 1 / C of ours."""
    kornia = pytest.importorskip("kornia.losses")
    logits, target = classes(seed)
    theirs = kornia.focal_loss(logits, target, alpha=None, gamma=gamma, reduction="none")
    losses = ours.focal_loss(logits, target, gamma=gamma, reduction="none")
    torch.testing.assert_close(losses, theirs.sum(1))
    mean = kornia.focal_loss(logits, target, alpha=None, gamma=gamma, reduction="mean")
    torch.testing.assert_close(losses.mean() / 4, mean)


@pytest.mark.parametrize("gamma", [1.0, 2.0, 3.5])
@pytest.mark.parametrize("seed", SEEDS)
def test_focal_of_monai(seed: int, gamma: float) -> None:
    """Theirs is a map of each class, too; without use_softmax it is one of sigmoids."""
    monai = pytest.importorskip("monai.losses")
    logits, target = classes(seed)
    options = {"gamma": gamma, "to_onehot_y": True, "use_softmax": True, "reduction": "none"}
    theirs = monai.FocalLoss(**options)(logits, target.unsqueeze(1))
    losses = ours.focal_loss(logits, target, gamma=gamma, reduction="none")
    # They compute the target's probability in float32.
    torch.testing.assert_close(losses, theirs.sum(1).double(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("alpha", [0.25, 0.6])
@pytest.mark.parametrize("seed", SEEDS)
def test_binary_focal_of_kornia(seed: int, alpha: float) -> None:
    kornia = pytest.importorskip("kornia.losses")
    logits, target = labels(seed)
    theirs = kornia.binary_focal_loss_with_logits(
        logits, target.double(), alpha=alpha, gamma=2.0, reduction="none"
    )
    losses = ours.binary_focal_loss(logits, target, alpha=alpha, reduction="none")
    torch.testing.assert_close(losses, theirs)


@pytest.mark.parametrize("seed", SEEDS)
def test_binary_focal_of_monai(seed: int) -> None:
    monai = pytest.importorskip("monai.losses")
    logits, target = labels(seed)
    theirs = monai.FocalLoss(gamma=2.0, alpha=0.25, reduction="none")(logits, target)
    losses = ours.binary_focal_loss(logits, target, reduction="none")
    torch.testing.assert_close(losses, theirs.double(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_label_smoothing_is_that_of_torch(seed: int) -> None:
    logits, target = classes(seed)
    weight = torch.tensor([0.5, 1.0, 2.0, 3.0], dtype=torch.float64)
    theirs = F.cross_entropy(logits, target, weight=weight, label_smoothing=0.1)
    got = ours.poly1_cross_entropy(logits, target, epsilon=0, weight=weight, label_smoothing=0.1)
    torch.testing.assert_close(got, theirs)
