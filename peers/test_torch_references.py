"""Losses that hold one of torch's own, against the formulas that torch tests that one with."""

from __future__ import annotations

import pytest
import torch

from losslint.losses import functional as ours
from losslint.losses.training import distillation_loss
from tests.losses.cases import randint, randn

pytest.importorskip("expecttest")  # which torch's test helpers import

from torch.testing._internal.common_nn import loss_reference_fns

SEEDS = range(3)


@pytest.mark.parametrize("seed", SEEDS)
def test_cross_entropy_is_in_what_generalises_it(seed: int) -> None:
    logits, target = randn(4, 5, 3, seed=seed), randint(5, 4, 3, seed=seed)
    target[0, 0] = -100
    weight = torch.rand(5, dtype=torch.float64)
    reference = loss_reference_fns["CrossEntropyLoss"]
    torch.testing.assert_close(
        ours.focal_loss(logits, target, gamma=0), reference(logits, target, reduction="mean")
    )
    torch.testing.assert_close(
        ours.logit_adjusted_cross_entropy(logits, target, class_counts=torch.ones(5)),
        reference(logits, target, reduction="mean"),
    )
    torch.testing.assert_close(
        ours.poly1_cross_entropy(logits, target, epsilon=0, weight=weight),
        reference(logits, target, weight=weight, reduction="mean"),
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_bayesian_ranking_is_the_soft_margin_of_the_difference(seed: int) -> None:
    preferred, other = randn(7, seed=seed), randn(7, seed=seed + 1)
    wanted = loss_reference_fns["SoftMarginLoss"](
        preferred - other, torch.ones(7, dtype=torch.float64), reduction="mean"
    )
    torch.testing.assert_close(ours.bpr_loss(preferred, other), wanted)


@pytest.mark.parametrize("seed", SEEDS)
def test_distillation_is_a_divergence(seed: int) -> None:
    """Times the temperature squared, and summed over the classes."""
    student, teacher = randn(6, 4, seed=seed), randn(6, 4, seed=seed + 1)
    reference = loss_reference_fns["KLDivLoss"]
    each = reference((student / 3).log_softmax(1), (teacher / 3).softmax(1), reduction="none")
    torch.testing.assert_close(
        distillation_loss(student, teacher, temperature=3.0), 9 * each.sum(1).mean()
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_the_median_is_half_the_absolute_error(seed: int) -> None:
    """Which torch has as a smooth one that is smooth nowhere."""
    input, target = randn(6, seed=seed), randn(6, seed=seed + 1)
    wanted = loss_reference_fns["SmoothL1Loss"](input, target, reduction="mean", beta=0.0)
    torch.testing.assert_close(2 * ours.quantile_loss(input, target), wanted)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_triplet(seed: int) -> None:
    """The reference adds 1e-6 to each coordinate of the differences."""
    line = randn(3, 4, seed=seed)
    got = ours.batch_triplet_loss(line, torch.tensor([0, 0, 1]), margin=5.0, reduction="none")
    wanted = loss_reference_fns["TripletMarginLoss"](
        line[[0, 1]], line[[1, 0]], line[[2, 2]], margin=5.0, reduction="none"
    )
    torch.testing.assert_close(got[:2], wanted, rtol=0, atol=1e-5)
