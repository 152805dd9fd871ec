"""What the losses of images promise, and what they refuse."""

from __future__ import annotations

import doctest
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from losslint.losses.functional import image
from losslint.losses.functional.image import ms_ssim_loss, ssim_loss, total_variation_loss
from losslint.losses.image import MSSSIMLoss, SSIMLoss, TotalVariationLoss
from tests.losses.cases import rand

seeds = st.integers(0, 2**31)
quickly = settings(max_examples=25, deadline=None)
W: Any = {"window_size": 5}


def test_the_examples_in_the_docstrings() -> None:
    failed, tried = doctest.testmod(image, extraglobs={"torch": torch})
    assert tried
    assert not failed


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_equal_images_cost_nothing_and_pull_nowhere(dtype: torch.dtype) -> None:
    picture = rand(2, 3, 16, 16).to(dtype)
    for loss in (ssim_loss, lambda x, y: ms_ssim_loss(x, y, weights=[0.5, 0.5], window_size=7)):
        input = picture.clone().requires_grad_()
        value = loss(input, picture)
        assert value.item() == pytest.approx(0, abs=1e-6)
        (gradient,) = torch.autograd.grad(value, input)
        assert gradient.abs().max() < 1e-5


@given(seed=seeds, scale=st.floats(0.1, 100))
@quickly
def test_the_unit_of_the_pixels_does_not_matter(seed: int, scale: float) -> None:
    x, y = rand(1, 1, 8, 8, seed=seed), rand(1, 1, 8, 8, seed=seed + 1)
    torch.testing.assert_close(
        ssim_loss(scale * x, scale * y, data_range=scale, **W), ssim_loss(x, y, **W)
    )


@given(seed=seeds)
@quickly
def test_it_is_symmetric_and_bounded(seed: int) -> None:
    x, y = rand(2, 1, 8, 8, seed=seed), rand(2, 1, 8, 8, seed=seed + 1)
    value = ssim_loss(x, y, reduction="none", **W)
    torch.testing.assert_close(ssim_loss(y, x, reduction="none", **W), value)
    assert ((value >= 0) & (value <= 2)).all()


def test_more_noise_costs_more() -> None:
    picture = torch.linspace(0, 1, 32).expand(1, 1, 32, 32)
    noise = rand(1, 1, 32, 32).float() - 0.5
    for loss in (
        ssim_loss,
        lambda x, y: ms_ssim_loss(x, y, weights=[0.5, 0.5]),
        lambda x, y: total_variation_loss(x),
    ):
        costs = [loss(picture + share * noise, picture).item() for share in (0, 0.1, 0.2, 0.5)]
        assert costs == sorted(costs)
        assert len(set(costs)) == 4


def test_a_bright_picture_in_float32_is_as_exact_as_in_float64() -> None:
    x = (rand(1, 1, 16, 16) / 100 + 200).float()
    y = (x.double() + (rand(1, 1, 16, 16, seed=1) - 0.5) / 100).float()
    exact = ssim_loss(x.double(), y.double(), data_range=0.1)
    # The means of squares and the square of means would differ in the last digits only.
    torch.testing.assert_close(ssim_loss(x, y, data_range=0.1).double(), exact, rtol=1e-4, atol=0)


def test_a_negative_has_a_finite_multi_scale_loss_and_gradient() -> None:
    x = rand(1, 1, 16, 16).requires_grad_()
    loss = ms_ssim_loss(x, 1 - x.detach(), weights=[0.5, 0.5], **W)
    (gradient,) = torch.autograd.grad(loss, x)
    assert loss == 1
    assert not gradient.any()


def test_the_default_scales_need_176_pixels() -> None:
    picture = rand(1, 1, 176, 176).float()
    assert ms_ssim_loss(picture, picture).item() == pytest.approx(0, abs=1e-6)
    with pytest.raises(ValueError, match=r"`input` must be of at least 176 x 176 pixels.*175"):
        ms_ssim_loss(picture[..., :175], picture[..., :175])


def test_one_row_has_no_variation_across_rows() -> None:
    row = torch.tensor([0.0, 2.0, 1.0]).view(1, 1, 1, 3)
    assert total_variation_loss(row).item() == pytest.approx(1.5)
    assert total_variation_loss(row.transpose(2, 3)).item() == pytest.approx(1.5)
    pixel = row[..., :1].requires_grad_()
    value = total_variation_loss(pixel)
    value.backward()  # type: ignore[no-untyped-call]
    assert value == 0
    assert pixel.grad is not None
    assert not pixel.grad.any()


def test_modules_keep_their_options() -> None:
    x, y = rand(2, 1, 16, 16), rand(2, 1, 16, 16, seed=1)
    options: Any = {"data_range": 2.0, "window_size": 5, "sigma": 1.0, "reduction": "none"}
    assert torch.equal(SSIMLoss(**options)(x, y), ssim_loss(x, y, **options))
    options["weights"] = [0.2, 0.8]
    loss = MSSSIMLoss(**options)
    assert torch.equal(loss(x, y), ms_ssim_loss(x, y, **options))
    assert "weights=(0.2, 0.8)" in repr(loss)
    total = TotalVariationLoss(reduction="none")
    assert torch.equal(total(x), total_variation_loss(x, reduction="none"))


X = torch.zeros(1, 1, 16, 16)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ssim_loss(X[0], X[0]), r"`input` must be images of shape \(N, C, H, W\)"),
        (lambda: ssim_loss(X, X[:, :, 1:]), "`target` must be of the shape of `input`"),
        (lambda: ssim_loss(X, X, window_size=17), "at least 17 x 17 pixels.*but is of 16 x 16"),
        (lambda: ssim_loss(X, X, window_size=4), "`window_size` must be odd, but is 4"),
        (lambda: ssim_loss(X, X, window_size=-1), "`window_size` must be at least 1"),
        (lambda: ssim_loss(X, X, data_range=0), "`data_range` must be above 0"),
        (lambda: ssim_loss(X, X, sigma=0), "`sigma` must be above 0"),
        (lambda: ms_ssim_loss(X, X, weights=[]), "`weights` must be one number a scale"),
        (lambda: ms_ssim_loss(X, X, weights=[1, 0]), r"`weights\[1\]` must be above 0"),
        (lambda: total_variation_loss(X[0]), r"`input` must be images of shape \(N, C, H, W\)"),
    ],
)
def test_what_is_refused(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_a_window_of_half_pixels() -> None:
    with pytest.raises(TypeError, match=r"`window_size` must be a whole number, but is float 7.0"):
        ssim_loss(X, X, window_size=7.0)  # type: ignore[arg-type]
