"""Losses over regions against kornia and MONAI."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from losslint.losses import functional as ours
from tests.losses.cases import randint, randn

SEEDS = range(3)
SMOOTH = 0.5


def classes(seed: int) -> tuple[Tensor, Tensor]:
    """Five classes of which one is in no target."""
    return 2 * randn(3, 5, 8, 9, seed=seed), randint(4, 3, 8, 9, seed=seed)


def masks(seed: int) -> tuple[Tensor, Tensor]:
    return 2 * randn(3, 1, 8, 9, seed=seed), randint(2, 3, 1, 8, 9, seed=seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_dice_of_kornia(seed: int) -> None:
    """Theirs leaves classes out that are not in the target, and smooths below the line only."""
    kornia = pytest.importorskip("kornia.losses")
    logits, target = classes(seed)
    theirs = kornia.dice_loss(logits, target, average="macro", eps=0.0)
    got = ours.dice_loss(logits, target, mode="multiclass", smooth=0, average="present")
    torch.testing.assert_close(got, theirs)


@pytest.mark.parametrize("seed", SEEDS)
def test_dice_of_monai(seed: int) -> None:
    monai = pytest.importorskip("monai.losses")
    logits, target = classes(seed)
    options = {"to_onehot_y": True, "softmax": True, "smooth_nr": SMOOTH, "smooth_dr": SMOOTH}
    theirs = monai.DiceLoss(**options)(logits, target.unsqueeze(1))
    got = ours.dice_loss(logits, target, mode="multiclass", smooth=SMOOTH)
    torch.testing.assert_close(got, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_dice_of_masks_of_monai(seed: int, squared: bool) -> None:
    monai = pytest.importorskip("monai.losses")
    logits, target = masks(seed)
    options = {"sigmoid": True, "squared_pred": squared}
    theirs = monai.DiceLoss(**options, smooth_nr=SMOOTH, smooth_dr=SMOOTH)(logits, target.double())
    got = ours.dice_loss(logits, target, mode="binary", squared=squared, smooth=SMOOTH)
    torch.testing.assert_close(got, theirs)


@pytest.mark.parametrize("seed", SEEDS)
def test_jaccard_of_monai(seed: int) -> None:
    """Theirs counts intersection and union twice, so that half the smoothing is as much."""
    monai = pytest.importorskip("monai.losses")
    logits, target = masks(seed)
    theirs = monai.DiceLoss(sigmoid=True, jaccard=True, smooth_nr=SMOOTH, smooth_dr=SMOOTH)
    got = ours.jaccard_loss(logits, target, mode="binary", smooth=SMOOTH / 2)
    torch.testing.assert_close(got, theirs(logits, target))


@pytest.mark.parametrize("seed", SEEDS)
def test_generalized_dice_of_monai(seed: int) -> None:
    """Without smoothing: their weights do not sum to 1, so that theirs counts for less or more."""
    monai = pytest.importorskip("monai.losses")
    logits, target = classes(seed)
    theirs = monai.GeneralizedDiceLoss(
        to_onehot_y=True, softmax=True, w_type="square", smooth_nr=0, smooth_dr=0
    )
    got = ours.generalized_dice_loss(logits, target, mode="multiclass", smooth=0)
    wanted = theirs(logits, target.unsqueeze(1))
    torch.testing.assert_close(got, wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_tversky_of_monai(seed: int) -> None:
    """Alpha is the weight of false positives there, too."""
    monai = pytest.importorskip("monai.losses")
    logits, target = masks(seed)
    theirs = monai.TverskyLoss(
        sigmoid=True, alpha=0.2, beta=0.9, smooth_nr=SMOOTH, smooth_dr=SMOOTH
    )
    got = ours.tversky_loss(logits, target, mode="binary", alpha=0.2, beta=0.9, smooth=SMOOTH)
    torch.testing.assert_close(got, theirs(logits, target))


@pytest.mark.parametrize("seed", SEEDS)
def test_tversky_of_kornia(seed: int) -> None:
    """Theirs leaves classes out that are not in the target."""
    kornia = pytest.importorskip("kornia.losses")
    logits, target = classes(seed)
    theirs = kornia.tversky_loss(logits, target, alpha=0.2, beta=0.9, eps=0.0)
    got = ours.tversky_loss(
        logits, target, mode="multiclass", alpha=0.2, beta=0.9, smooth=0, average="present"
    )
    torch.testing.assert_close(got, theirs)


@pytest.mark.parametrize("seed", SEEDS)
def test_lovasz_softmax_of_kornia(seed: int) -> None:
    """Theirs goes over all classes, present or not."""
    kornia = pytest.importorskip("kornia.losses")
    logits, target = classes(seed)
    theirs = kornia.lovasz_softmax_loss(logits, target)
    torch.testing.assert_close(ours.lovasz_softmax_loss(logits, target, average="all"), theirs)


@pytest.mark.parametrize("seed", SEEDS)
def test_lovasz_hinge_of_kornia(seed: int) -> None:
    kornia = pytest.importorskip("kornia.losses")
    logits, target = masks(seed)
    theirs = kornia.lovasz_hinge_loss(logits, target.squeeze(1))
    torch.testing.assert_close(ours.lovasz_hinge_loss(logits, target), theirs)


@pytest.mark.parametrize("seed", SEEDS)
def test_dice_and_cross_entropy_of_monai(seed: int) -> None:
    monai = pytest.importorskip("monai.losses")
    logits, target = classes(seed)
    theirs = monai.DiceCELoss(
        to_onehot_y=True,
        softmax=True,
        lambda_dice=0.7,
        lambda_ce=0.4,
        smooth_nr=SMOOTH,
        smooth_dr=SMOOTH,
    )
    got = ours.cross_entropy_dice_loss(
        logits, target, ce_weight=0.4, dice_weight=0.7, smooth=SMOOTH
    )
    wanted = theirs(logits, target.unsqueeze(1))
    torch.testing.assert_close(got, wanted, rtol=1e-5, atol=1e-6)
