"""What relates the losses over regions to each other, and what they refuse."""

from __future__ import annotations

import doctest
import math
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

import losslint.losses.functional as L
from losslint.losses.functional import _fused, _regions, segmentation
from tests.losses.cases import randint, randn

seeds = st.integers(0, 2**31)
quickly = settings(max_examples=20, deadline=None)


def classes(seed: int) -> tuple[Tensor, Tensor]:
    return randn(2, 4, 3, 5, seed=seed) * 2, randint(4, 2, 3, 5, seed=seed)


def masks(seed: int) -> tuple[Tensor, Tensor]:
    return randn(2, 1, 3, 5, seed=seed) * 2, randint(2, 2, 1, 3, 5, seed=seed)


def perfect(target: Tensor, number: int) -> Tensor:
    return F.one_hot(target, number).movedim(-1, 1) * 200.0 - 100


def test_the_examples_in_the_docstrings() -> None:
    failed, tried = doctest.testmod(segmentation, extraglobs={"torch": torch})
    assert tried
    assert not failed


@given(seed=seeds, smooth=st.sampled_from([0.0, 1e-5, 1.0]))
@quickly
def test_tversky_holds_dice_and_jaccard(seed: int, smooth: float) -> None:
    input, target = classes(seed)
    half = L.tversky_loss(input, target, mode="multiclass", alpha=0.5, beta=0.5, smooth=smooth)
    dice = L.dice_loss(input, target, mode="multiclass", smooth=2 * smooth)
    torch.testing.assert_close(half, dice)
    whole = L.tversky_loss(input, target, mode="multiclass", alpha=1, beta=1, smooth=smooth)
    jaccard = L.jaccard_loss(input, target, mode="multiclass", smooth=smooth)
    torch.testing.assert_close(whole, jaccard)
    focal = L.focal_tversky_loss(input, target, mode="multiclass", gamma=1, smooth=smooth)
    tversky = L.tversky_loss(input, target, mode="multiclass", smooth=smooth)
    torch.testing.assert_close(focal, tversky)


@given(seed=seeds)
@quickly
def test_jaccard_and_dice_of_a_region_tell_the_same(seed: int) -> None:
    input, target = masks(seed)
    dice = L.dice_loss(input, target, mode="binary", smooth=0, reduction="none")
    jaccard = L.jaccard_loss(input, target, mode="binary", smooth=0, reduction="none")
    torch.testing.assert_close(jaccard, 2 * dice / (1 + dice))


def test_beta_is_what_missing_pixels_cost() -> None:
    target = torch.tensor([[1, 1, 0, 0]])
    misses, invents = torch.tensor([[9.0, -9, -9, -9]]), torch.tensor([[9.0, 9, 9, -9]])
    for loss in (L.tversky_loss, L.focal_tversky_loss):
        missing = loss(misses, target, mode="binary", alpha=0.1, beta=0.9)
        assert missing > loss(invents, target, mode="binary", alpha=0.1, beta=0.9)


REGION_LOSSES: list[Any] = [
    L.dice_loss,
    L.jaccard_loss,
    L.tversky_loss,
    L.focal_tversky_loss,
    L.generalized_dice_loss,
]


@pytest.mark.parametrize("loss", REGION_LOSSES)
@pytest.mark.parametrize("smooth", [0.0, 1.0])
def test_a_perfect_prediction_has_no_loss_and_a_finite_gradient(loss: Any, smooth: float) -> None:
    target = randint(3, 2, 4, 4)
    input = perfect(target, 4).requires_grad_()
    value = loss(input, target, mode="multiclass", smooth=smooth)
    if smooth:  # else an absent class is all wrong with any prediction above 0
        assert value < 1e-6
    assert torch.autograd.grad(value, input)[0].isfinite().all()
    assert L.lovasz_softmax_loss(input, target) < 1e-6
    assert L.cross_entropy_dice_loss(input, target) < 1e-6


@pytest.mark.parametrize("loss", REGION_LOSSES)
@given(seed=seeds)
@quickly
def test_nothing_is_better_than_perfect(loss: Any, seed: int) -> None:
    input, target = classes(seed)
    best = loss(perfect(target, 4), target, mode="multiclass")
    assert best <= loss(input, target, mode="multiclass") + 1e-6 <= 1 + 2e-6


@pytest.mark.parametrize("loss", [*REGION_LOSSES, L.bce_dice_loss, L.lovasz_hinge_loss])
@given(seed=seeds)
@quickly
def test_no_pixel_is_pulled_the_wrong_way(loss: Any, seed: int) -> None:
    input, target = masks(seed)
    input.requires_grad_()
    slope = torch.autograd.grad(loss(input, target, mode="binary"), input)[0]
    assert (slope * (1 - 2 * target) >= 0).all()
    assert slope.any()


@pytest.mark.parametrize("loss", REGION_LOSSES)
def test_an_empty_mask_teaches_to_predict_less(loss: Any) -> None:
    input = torch.zeros(1, 1, 8, 8, requires_grad=True)
    value = loss(input, torch.zeros(1, 1, 8, 8), mode="binary")
    assert value > 0.9
    assert (torch.autograd.grad(value, input)[0] > 0).all()
    assert loss(input.detach() - 100, torch.zeros(1, 1, 8, 8), mode="binary") < 1e-6


@pytest.mark.parametrize("loss", [*REGION_LOSSES, L.bce_dice_loss])
def test_half_precision_does_not_overflow_on_a_large_mask(loss: Any) -> None:
    # The sum over these pixels is 262144, and the largest float16 65504.
    target = torch.ones(1, 512, 512)
    input = torch.full((1, 512, 512), 0.5, dtype=torch.float16, requires_grad=True)
    value = loss(input, target, mode="binary")
    exact = loss(input.double(), target, mode="binary")
    assert value.item() == pytest.approx(exact.item(), rel=1e-5)
    assert torch.autograd.grad(value * 2**16, input)[0].min() < 0


@given(seed=seeds)
@quickly
def test_renaming_the_classes_changes_nothing(seed: int) -> None:
    input, target = classes(seed)
    new_name = torch.randperm(4, generator=torch.Generator().manual_seed(seed))
    renamed = input[:, new_name.argsort()], new_name[target]
    for loss in REGION_LOSSES:
        turned = loss(*renamed, mode="multiclass")
        torch.testing.assert_close(turned, loss(input, target, mode="multiclass"))
    torch.testing.assert_close(
        L.lovasz_softmax_loss(*renamed), L.lovasz_softmax_loss(input, target)
    )


@given(seed=seeds)
@quickly
def test_the_order_of_pixels_does_not_matter(seed: int) -> None:
    input, target = masks(seed)
    turned = input.flip(-1), target.flip(-1)
    for loss in [*REGION_LOSSES, L.bce_dice_loss, L.lovasz_hinge_loss]:
        torch.testing.assert_close(loss(*turned, mode="binary"), loss(input, target, mode="binary"))


@given(seed=seeds)
@quickly
def test_three_dimensions_are_as_good_as_two(seed: int) -> None:
    input, target = randn(2, 3, 2, 3, 4, seed=seed), randint(3, 2, 2, 3, 4, seed=seed)
    flat = input.reshape(2, 3, 24), target.reshape(2, 24)
    for loss in REGION_LOSSES:
        whole = loss(input, target, mode="multiclass")
        torch.testing.assert_close(whole, loss(*flat, mode="multiclass"))


@given(seed=seeds)
@quickly
def test_the_lovasz_loss_of_hard_errors_is_the_jaccard_loss(seed: int) -> None:
    _, target = masks(seed)
    wrong = randint(2, *target.shape, seed=seed + 1).bool()
    predicted = target.bool() ^ wrong
    # An error of 1 where wrong (a logit of 0), and of 0 where right (a margin of 1).
    logits = torch.where(wrong, 0.0, target * 2.0 - 1)
    union = (predicted | target.bool()).sum((1, 2, 3))
    hit = (predicted & target.bool()).sum((1, 2, 3))
    expected = 1 - torch.where(union > 0, hit / union.clamp_min(1), 1.0)
    got = L.lovasz_hinge_loss(logits, target, reduction="none")
    torch.testing.assert_close(got, expected)


@given(seed=seeds)
@quickly
def test_combinations_are_sums(seed: int) -> None:
    input, target = classes(seed)
    target[0, 0] = -100
    both = L.cross_entropy_dice_loss(input, target, ce_weight=2, dice_weight=0.5)
    dice = L.dice_loss(input, target, mode="multiclass")
    torch.testing.assert_close(both, 2 * F.cross_entropy(input, target) + 0.5 * dice)
    logit, mask = masks(seed)
    entropy = F.binary_cross_entropy_with_logits(logit, mask.double())
    dice = L.dice_loss(logit, mask, mode="binary")
    torch.testing.assert_close(L.bce_dice_loss(logit, mask), entropy + dice)


@pytest.mark.parametrize("reduction", ["mean", "none"])
def test_pixels_of_very_different_logits_by_hand_and_in_operations(
    reduction: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    input, target = classes(0)
    scales = torch.tensor([1.0, 1e4, 20.0, 1.0, 300.0], dtype=input.dtype)
    shifts = torch.tensor([0.0, 0.0, 0.0, -1e4, 700.0], dtype=input.dtype)
    input = input * scales + shifts
    input[0, 1, 0] = -math.inf
    target[0, 0][target[0, 0] == 1] = 0
    target[1, 2] = -100
    input[1, :, 2] = math.nan
    input.requires_grad_()
    mask = target != -100
    for loss in (L.dice_loss, L.tversky_loss, L.cross_entropy_dice_loss):
        more: dict[str, Any] = {} if loss is L.cross_entropy_dice_loss else {"mode": "multiclass"}
        expected = loss(input, target, mask=mask, reduction=reduction, **more)
        with monkeypatch.context() as patched:
            patched.setattr(_regions, "_LARGE_IMAGE", 1)
            patched.setitem(_fused._PIECE, "cpu", 8)
            by_hand = loss(input, target, mask=mask, reduction=reduction, **more)
            (got,) = torch.autograd.grad(by_hand.sum(), input)
        torch.testing.assert_close(by_hand, expected)
        torch.testing.assert_close(got, torch.autograd.grad(expected.sum(), input)[0])
        # Without a mask what is ignored may be NaN as well, by hand.
        with monkeypatch.context() as patched:
            patched.setattr(_regions, "_LARGE_IMAGE", 1)
            ignoring = loss(input, target, reduction=reduction, **more)
            (of_ignoring,) = torch.autograd.grad(ignoring.sum(), input)
        torch.testing.assert_close(ignoring, expected)
        torch.testing.assert_close(of_ignoring, got)


def test_255_is_a_usual_index_for_what_does_not_count() -> None:
    input, target = masks(0)
    unknown = target.to(torch.uint8)
    unknown[..., 0] = 255
    for loss in [*REGION_LOSSES, L.bce_dice_loss, L.lovasz_hinge_loss]:
        torch.testing.assert_close(
            loss(input, unknown, mode="binary", ignore_index=255),
            loss(input[..., 1:], target[..., 1:], mode="binary"),
        )


@pytest.mark.parametrize(
    ("wrong", "kind", "message"),
    [
        ({"mode": "softmax"}, ValueError,
         "`mode` must be one of 'binary', 'multiclass', 'multilabel', but is 'softmax'"),
        ({"target": torch.full((2, 5), 3)}, ValueError,
         "`target` must be a class index from 0 to 2 or ignore_index=-100 everywhere"),
        ({"target": torch.zeros(2, 3, 5)}, TypeError, r"take `argmax\(dim=1\)`"),
        ({"target": torch.zeros(2, 4, dtype=torch.int64)}, ValueError,
         r"`target` must be of shape \(2, 5\) \(that of `input` without its class dimension, 1\)"),
        ({"mode": "multilabel"}, ValueError,
         r"`target` must be of the shape of `input`, \(2, 3, 5\), but is of shape \(2, 5\)"),
        ({"mode": "multilabel", "target": torch.full((2, 3, 5), 2)}, ValueError,
         r"`target` must be at least 0 and at most 1 everywhere \(or ignore_index=-100\)"),
        ({"mask": torch.ones(2, 3, 5, dtype=torch.bool)}, ValueError,
         r"`mask` must be of the shape of `target`, \(2, 5\)"),
        ({"ignore_index": None}, TypeError,
         "`ignore_index` must be a whole number, but is NoneType None"),
        ({"smooth": -1}, ValueError, "`smooth` must be at least 0, but is -1"),
        ({"average": "some"}, ValueError, "`average` must be one of 'all', 'present'"),
        ({"weight": torch.ones(2)}, ValueError, r"`weight` must be of shape \(3,\)"),
        ({"input": torch.zeros(2, 3), "target": torch.zeros(2)}, ValueError,
         r"`input` must be of shape \(N, C, \*\)"),
    ],
)  # fmt: skip
def test_what_is_refused(wrong: dict[str, Any], kind: type[Exception], message: str) -> None:
    right = {
        "input": torch.zeros(2, 3, 5),
        "target": torch.zeros(2, 5, dtype=torch.int64),
        "mode": "multiclass",
    }
    loss: Any = L.dice_loss
    with pytest.raises(kind, match=message):
        loss(**{**right, **wrong})


def test_the_hinge_of_soft_labels() -> None:
    with pytest.raises(ValueError, match=r"`target` must be 0 or 1 everywhere .*`target > 0.5`"):
        L.lovasz_hinge_loss(torch.zeros(1, 2), torch.tensor([[0.0, 0.7]]))
