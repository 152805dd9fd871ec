"""Losses of images against kornia and MONAI."""

from __future__ import annotations

import pytest
import torch

from losslint.losses import functional as ours
from tests.losses.cases import rand

SEEDS = range(3)


@pytest.mark.parametrize("seed", SEEDS)
def test_ssim_of_kornia(seed: int) -> None:
    """Theirs is half of ours, and clamped; with padding="valid" it has the same places."""
    kornia = pytest.importorskip("kornia.losses")
    x, y = rand(2, 3, 24, 24, seed=seed), rand(2, 3, 24, 24, seed=seed + 1)
    theirs = kornia.ssim_loss(x, y, 11, padding="valid")
    torch.testing.assert_close(ours.ssim_loss(x, y) / 2, theirs, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("seed", SEEDS)
def test_ssim_of_monai(seed: int) -> None:
    monai = pytest.importorskip("monai.losses")
    x, y = rand(2, 3, 24, 24, seed=seed).float(), rand(2, 3, 24, 24, seed=seed + 1).float()
    theirs = monai.SSIMLoss(spatial_dims=2)(x, y)
    torch.testing.assert_close(ours.ssim_loss(x, y), theirs.squeeze(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("seed", SEEDS)
def test_ms_ssim_of_monai(seed: int) -> None:
    """Theirs means a similarity over channels before the product, so compare one channel."""
    monai = pytest.importorskip("monai.metrics.regression")
    x = rand(2, 1, 176, 176, seed=seed).float()
    y = (x + rand(2, 1, 176, 176, seed=seed + 1).float() / 5).clamp(0, 1)
    theirs = 1 - monai.MultiScaleSSIMMetric(spatial_dims=2)(x, y)
    got = ours.ms_ssim_loss(x, y, reduction="none")
    torch.testing.assert_close(got, theirs.squeeze(1), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("seed", SEEDS)
def test_total_variation_of_kornia(seed: int) -> None:
    kornia = pytest.importorskip("kornia.losses")
    x = rand(2, 3, 9, 9, seed=seed)
    theirs = kornia.total_variation(x, reduction="mean")
    # A mean over channels, too; square images, as one divisor is for both directions.
    got = ours.total_variation_loss(x, reduction="none")
    torch.testing.assert_close(got, theirs.mean(1) if theirs.dim() > 1 else theirs)
