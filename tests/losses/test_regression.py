"""Accuracy, relations and refusals of regression losses, box losses and the target scaler."""

from __future__ import annotations

import doctest
import math
from functools import partial
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

import losslint.losses.functional as L
from losslint.losses import scaling
from losslint.losses.functional import detection, regression
from losslint.losses.scaling import TargetScaler
from tests.losses.cases import rand, randint, randn

seeds = st.integers(0, 2**31)
quickly = settings(max_examples=20, deadline=None)


@pytest.mark.parametrize("module", [regression, detection, scaling])
def test_the_examples_in_the_docstrings(module: Any) -> None:
    failed, tried = doctest.testmod(module, extraglobs={"torch": torch})
    assert tried
    assert not failed


def test_log_cosh_is_exact_in_float32() -> None:
    error = torch.logspace(-18, 4, 2000).requires_grad_()
    losses = L.log_cosh_loss(error, torch.zeros_like(error), reduction="none")
    exact = [
        # cosh(x) - 1 = 2 sinh(x / 2)^2 keeps the digits of small errors.
        math.log1p(2 * math.sinh(x / 2) ** 2)
        if x < 10
        else x + math.log1p(math.exp(-2 * x)) - math.log(2)
        for x in error.tolist()
    ]
    torch.testing.assert_close(losses.double(), torch.tensor(exact).double(), rtol=1e-6, atol=0)
    (slope,) = torch.autograd.grad(losses.sum(), error)
    torch.testing.assert_close(slope, error.detach().tanh(), rtol=1e-5, atol=0)


@given(seed=seeds)
@quickly
def test_kin_of_torch_losses(seed: int) -> None:
    input, target = randn(4, 3, seed=seed), randn(4, 3, seed=seed + 1)
    torch.testing.assert_close(L.masked_mse_loss(input, target), F.mse_loss(input, target))
    torch.testing.assert_close(L.rmse_loss(input, target), F.mse_loss(input, target).sqrt())
    torch.testing.assert_close(L.quantile_loss(input, target), F.l1_loss(input, target) / 2)
    rounded = L.charbonnier_loss(input, target, eps=1e-12)
    torch.testing.assert_close(rounded, F.l1_loss(input, target))


@given(
    target=st.floats(0.1, 10),
    side=st.sampled_from([-1, 1]),
    near=st.floats(0.05, 1),
    farther=st.floats(0.05, 1),
)
@quickly
def test_the_larger_the_error_the_higher_the_loss(
    target: float, side: int, near: float, farther: float
) -> None:
    errors = torch.tensor([0, near, near + farther], dtype=torch.float64)
    truth = torch.full_like(errors, target)
    # Above 0 on both sides, where all of them are defined.
    prediction = truth * (side * errors).exp()
    losses: list[Any] = [
        L.log_cosh_loss,
        L.charbonnier_loss,
        L.masked_mse_loss,
        L.mape_loss,
        L.smape_loss,
        L.msle_loss,
        partial(L.quantile_loss, quantiles=0.9),
        partial(L.tweedie_loss, log_input=False),
    ]
    for loss in losses:
        assert (loss(prediction, truth, reduction="none").diff() > 0).all()
    root = L.rmse_loss(prediction[:, None], truth[:, None], dim=1, reduction="none")
    assert (root.diff() > 0).all()


@given(seed=seeds)
@quickly
def test_a_mask_is_a_weight_of_0(seed: int) -> None:
    input, target = randn(4, 3, seed=seed), rand(4, 3, seed=seed + 1)
    mask = randint(2, 4, 3, seed=seed).bool()
    losses: list[Any] = [L.masked_mse_loss, L.log_cosh_loss, L.mape_loss, L.quantile_loss]
    for loss in losses:
        masked = loss(input, target, mask=mask)
        torch.testing.assert_close(masked, loss(input, target, weight=mask.double()))
        doubled = loss(input, target, weight=torch.full_like(input, 2.0))
        torch.testing.assert_close(doubled, loss(input, target))


@pytest.mark.parametrize("q", [0.1, 0.5, 0.8])
def test_the_best_prediction_of_a_quantile_loss_is_the_quantile(q: float) -> None:
    target = torch.arange(101.0)
    guesses = torch.arange(101.0)
    losses = [L.quantile_loss(torch.full_like(target, g), target, quantiles=q) for g in guesses]
    assert int(torch.stack(losses).argmin()) == round(100 * q)


def test_the_best_tweedie_prediction_is_the_mean() -> None:
    target = torch.tensor([0.0, 0.0, 1.0, 7.0])
    guesses = torch.linspace(0.5, 4, 351)
    losses = [L.tweedie_loss(guess.log().expand(4), target) for guess in guesses]
    assert guesses[int(torch.stack(losses).argmin())].item() == pytest.approx(2.0, abs=0.011)


def test_a_perfect_fit_has_no_loss_and_a_finite_gradient() -> None:
    target = rand(3, 4) + 0.1
    losses: list[Any] = [L.log_cosh_loss, L.mape_loss, L.smape_loss, L.rmse_loss, L.msle_loss]
    for loss in losses:
        input = target.clone().requires_grad_()
        value = loss(input, target)
        assert value == 0
        assert not torch.autograd.grad(value, input)[0].any()


@pytest.mark.parametrize(
    ("loss", "arguments", "message"),
    [
        (L.msle_loss, {"input": torch.tensor([-2.0])},
         r"`input` must be above -1 everywhere \(end the model in a softplus, or have it predict"),
        (L.msle_loss, {"target": torch.tensor([-1.0])}, "`target` must be above -1 everywhere"),
        (L.tweedie_loss, {"target": torch.tensor([-1.0])}, "`target` must be at least 0"),
        (L.tweedie_loss, {"power": 2}, "`power` must be above 1 and below 2, but is 2"),
        (L.tweedie_loss, {"log_input": False, "input": torch.tensor([0.0])},
         r"`input` must be above 0 everywhere \(or log_input=True\)"),
        (L.rmse_loss, {"dim": (0, 1)},
         r"`dim` must be from -1 to 0, for torch.float32 of shape \(1,\), but is 1"),
        (L.mape_loss, {"floor": 0}, "`floor` must be above 0, but is 0"),
        (L.charbonnier_loss, {"eps": 0}, "`eps` must be above 0"),
        (L.quantile_loss, {"quantiles": 1.0}, "`quantiles` must be above 0 and below 1"),
        (L.quantile_loss, {"quantiles": [0.5, 0.9], "input": torch.zeros(1, 3)},
         r"`quantiles` must be one for each of 3 in dimension 1, but is \[0.5, 0.9\]"),
        (L.masked_mse_loss, {"weight": torch.tensor([-1.0])}, "`weight` must be at least 0"),
        (L.masked_mse_loss, {"target": torch.zeros(1, 1)},
         r"`target` must be of the shape of `input`, \(1,\), but is of shape \(1, 1\)"),
        (L.iou_loss, {}, r"`input` must be of shape \(\*, 4\), x1 y1 x2 y2"),
        (L.iou_loss, {"input": torch.zeros(1, 4), "target": torch.tensor([[5.0, 5, 2, 2]])},
         r"`target` must be boxes .* but is in 1 not, such as \[5.0, 5.0, 2.0, 2.0\]"),
    ],
)  # fmt: skip
def test_what_is_refused(loss: Any, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        loss(**{"input": torch.ones(1), "target": torch.ones(1), **arguments})


BOX_LOSSES: list[Any] = [L.iou_loss, L.giou_loss, L.diou_loss, L.ciou_loss]


def random_boxes(seed: int) -> Tensor:
    low = rand(6, 2, seed=seed)
    return torch.cat([low, low + rand(6, 2, seed=seed + 1) + 0.05], 1)


@pytest.mark.parametrize("loss", BOX_LOSSES)
@given(seed=seeds, scale=st.floats(0.1, 1000), shift=st.floats(-10, 10))
@quickly
def test_the_unit_of_boxes_does_not_matter(
    loss: Any, seed: int, scale: float, shift: float
) -> None:
    a, b = random_boxes(seed), random_boxes(seed + 7)
    moved = loss(a * scale + shift, b * scale + shift)
    torch.testing.assert_close(moved, loss(a, b), rtol=1e-6, atol=1e-8)
    assert loss(b, b) < 1e-9


@pytest.mark.parametrize("loss", BOX_LOSSES)
def test_empty_and_inverted_predictions_and_no_boxes_at_all(loss: Any) -> None:
    target = torch.tensor([[0.0, 0, 2, 2], [1, 1, 1, 1], [0, 0, 1, 1]])
    input = torch.tensor([[3.0, 3, 1, 1], [1, 1, 1, 1], [5, 5, 5, 5]], requires_grad=True)
    value = loss(input, target)
    assert value.isfinite()
    assert torch.autograd.grad(value, input)[0].isfinite().all()
    none = torch.zeros(0, 4, requires_grad=True)
    assert loss(none, torch.zeros(0, 4)) == 0


@pytest.mark.parametrize("loss", BOX_LOSSES[1:])
def test_boxes_that_do_not_touch_are_drawn_together(loss: Any) -> None:
    input = torch.tensor([[3.0, 0, 4, 1]], requires_grad=True)
    (slope,) = torch.autograd.grad(loss(input, torch.tensor([[0.0, 0, 1, 1]])), input)
    assert slope[0, 0] > 0


def test_a_scaler_goes_there_and_back() -> None:
    target = torch.tensor([[1e9, 5.0], [1e9 + 2, 5.0], [1e9 + 4, 5.0]], dtype=torch.float64)
    scaler = TargetScaler(2).fit(target)
    scaled = scaler.transform(target)
    torch.testing.assert_close(scaled.mean(0), torch.zeros(2).double())
    torch.testing.assert_close(scaled[:, 0].std(correction=0), torch.tensor(1.0).double())
    torch.testing.assert_close(scaler.inverse(scaled), target)
    again = TargetScaler(2)
    again.load_state_dict(scaler.state_dict())
    assert again.transform(target).equal(scaled)


def test_a_scaler_leaves_missing_targets_out() -> None:
    target = torch.tensor([1.0, 3.0, torch.nan])
    scaler = TargetScaler().fit(target, mask=~target.isnan())
    assert (scaler.mean.item(), scaler.deviation.item()) == (2, 1)
    assert scaler.transform(torch.tensor(3)).item() == 1
    half = scaler.inverse(torch.tensor([[1.0]], dtype=torch.bfloat16))
    assert (half.dtype, half.shape) == (torch.float32, (1, 1))


def test_what_a_scaler_refuses() -> None:
    with pytest.raises(ValueError, match=r"`target` must be of shape \(\*, 2\), but is of shape"):
        TargetScaler(2).fit(torch.zeros(3))
    with pytest.raises(ValueError, match="`target` must be of at least one value in each column"):
        TargetScaler().fit(torch.zeros(0))
    with pytest.raises(ValueError, match=r"`target` must be finite \(a mask .* but is not in 1 pl"):
        TargetScaler().fit(torch.tensor([1.0, torch.nan]))
    with pytest.raises(ValueError, match="`features` must be at least 1, but is 0"):
        TargetScaler(0)
