"""Adversarial losses, the gradient penalty and the evidence lower bound."""

from __future__ import annotations

import doctest
import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.distributions import Normal, kl_divergence
from torch.nn import functional as F

from losslint.losses.functional import generative
from losslint.losses.functional.generative import (
    GanKind,
    elbo_loss,
    gan_discriminator_loss,
    gan_generator_loss,
    gradient_penalty,
    kl_standard_normal,
)
from losslint.losses.generative import ELBOLoss, GANDiscriminatorLoss, GANGeneratorLoss
from tests.losses.cases import generator, rand, randn
from tests.losses.generative_cases import DISCRIMINATOR

seeds = st.integers(0, 2**31)
quickly = settings(max_examples=25, deadline=None)


def test_the_examples_in_the_docstrings() -> None:
    failed, tried = doctest.testmod(generative, extraglobs={"torch": torch})
    assert tried
    assert not failed


@given(seed=seeds)
@quickly
def test_the_original_loss_is_binary_cross_entropy(seed: int) -> None:
    real, fake = randn(5, seed=seed) * 4, randn(7, seed=seed + 1) * 4
    expected = F.binary_cross_entropy_with_logits(real, torch.ones_like(real))
    expected = expected + F.binary_cross_entropy_with_logits(fake, torch.zeros_like(fake))
    torch.testing.assert_close(gan_discriminator_loss(real, fake), expected)
    torch.testing.assert_close(
        gan_generator_loss(fake), F.binary_cross_entropy_with_logits(fake, torch.ones_like(fake))
    )


def test_real_and_generated_batches_may_differ_in_size() -> None:
    real, fake = randn(8, 1), randn(2, 1, seed=1)
    once = gan_discriminator_loss(real, fake, kind="wasserstein")
    torch.testing.assert_close(once, fake.mean() - real.mean())
    with pytest.raises(ValueError, match=r"`fake_logits` must be of the shape of `real_logits`"):
        gan_discriminator_loss(real, fake, reduction="none")


@pytest.mark.parametrize("kind", DISCRIMINATOR)
def test_the_two_players_pull_the_same_output_in_opposite_directions(kind: GanKind) -> None:
    fake = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    real = torch.zeros(1, dtype=torch.float64)
    (down,) = torch.autograd.grad(gan_discriminator_loss(real, fake + 0.1, kind=kind), fake)
    (up,) = torch.autograd.grad(gan_generator_loss(fake + 0.1, kind=kind), fake)
    assert down > 0 > up


def test_a_sure_discriminator_leaves_the_generator_its_gradient() -> None:
    fake = torch.tensor([-50.0], requires_grad=True)
    (gradient,) = torch.autograd.grad(gan_generator_loss(fake), fake)
    assert gradient.item() == pytest.approx(-1)


@pytest.mark.parametrize("scale", [0.5, 1.0, 3.0])
def test_the_penalty_of_a_linear_critic_is_known(scale: float) -> None:
    direction = torch.tensor([0.6, 0.0, 0.8]) * scale
    real, fake = torch.ones(4, 3), torch.zeros(4, 3)
    penalty = gradient_penalty(lambda x: x @ direction, real, fake)
    assert penalty.item() == pytest.approx(10 * (scale - 1) ** 2, abs=1e-5)
    lax = gradient_penalty(lambda x: x @ direction, real, fake, target=0.0, weight=2.0)
    assert lax.item() == pytest.approx(2 * scale**2, rel=1e-5)


def test_the_slope_is_taken_between_the_samples() -> None:
    seen: list[Tensor] = []

    def critic(samples: Tensor) -> Tensor:
        seen.append(samples.detach())
        return samples.square().sum((1, 2))

    real, fake = torch.zeros(6, 2, 2), torch.full((6, 2, 2), 8.0)
    penalty = gradient_penalty(critic, real, fake, generator=generator(3))
    (between,) = seen
    shares = torch.rand(6, 1, 1, generator=generator(3))
    torch.testing.assert_close(between, ((1 - shares) * 8).expand(6, 2, 2))
    # The slope of a square is twice the place, of four equal numbers four times one of them.
    expected = 10 * (4 * between[:, 0, 0] - 1).square().mean()
    torch.testing.assert_close(penalty, expected)


def test_the_penalty_trains_the_critic_and_nothing_else() -> None:
    torch.manual_seed(0)
    critic = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1)).double()
    real, fake = randn(5, 3).requires_grad_(), randn(5, 3, seed=1).requires_grad_()
    torch.autograd.backward(gradient_penalty(critic, real, fake))
    assert real.grad is None
    assert fake.grad is None
    first = next(critic.parameters())
    assert first.grad is not None
    assert first.grad.any()

    def at(weight: Tensor) -> Tensor:
        moved = {"0.weight": weight}
        return gradient_penalty(
            lambda x: torch.func.functional_call(critic, moved, (x,)),
            real,
            fake,
            generator=generator(0),
        )

    assert torch.autograd.gradcheck(at, first)


def test_a_flat_critic_has_a_finite_penalty_and_gradient() -> None:
    critic = nn.Linear(3, 1)
    nn.init.zeros_(critic.weight)
    penalty = gradient_penalty(critic, torch.ones(2, 3), torch.zeros(2, 3))
    assert penalty.item() == 10
    (gradient,) = torch.autograd.grad(penalty, critic.weight)
    assert gradient.isfinite().all()


def test_the_penalty_is_of_full_precision_under_autocast() -> None:
    torch.manual_seed(0)
    critic = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
    real, fake = randn(5, 3).float(), randn(5, 3, seed=1).float()
    expected = gradient_penalty(critic, real, fake, generator=generator(0))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = gradient_penalty(critic, real, fake.bfloat16().float(), generator=generator(0))
        got = gradient_penalty(critic, real, fake, generator=generator(0))
    assert torch.equal(got, expected)
    assert half.dtype == torch.float32


def test_a_penalty_can_be_had_without_gradients() -> None:
    with torch.no_grad():
        penalty = gradient_penalty(lambda x: 3 * x[:, 0], torch.ones(2, 3), torch.zeros(2, 3))
    assert penalty.item() == pytest.approx(40)


@given(seed=seeds)
@quickly
def test_the_divergence_is_that_of_torch(seed: int) -> None:
    mu, log_var = randn(4, 3, seed=seed), randn(4, 3, seed=seed + 1) * 2
    one, other = Normal(mu, (log_var / 2).exp()), Normal(torch.zeros(()), torch.ones(()))
    expected = kl_divergence(one, other).sum(1)
    torch.testing.assert_close(kl_standard_normal(mu, log_var, reduction="none"), expected)


def test_near_the_prior_the_divergence_is_not_all_rounding() -> None:
    log_var = torch.tensor([[1e-3]])
    expected = (math.exp(1e-3) - 1 - 1e-3) / 2
    got = kl_standard_normal(torch.zeros(1, 1), log_var)
    # exp(v) - 1 - v in float32 would be 5% off.
    assert got.item() == pytest.approx(expected, rel=1e-3)
    assert kl_standard_normal(torch.zeros(2, 3), torch.zeros(2, 3)) == 0


def test_the_reconstruction_is_summed_over_the_pixels_and_averaged_over_the_batch() -> None:
    logits, image, latent = randn(3, 1, 4, 4), rand(3, 1, 4, 4, seed=1), torch.zeros(3, 2)
    got = elbo_loss(logits, image, latent.double(), latent.double())
    expected = F.binary_cross_entropy_with_logits(logits, image, reduction="sum") / 3
    torch.testing.assert_close(got, expected)


def test_free_bits_leave_small_divergences_alone() -> None:
    logits = torch.zeros(2, 4)
    mu = torch.tensor([[0.1, 3.0], [0.1, 3.0]], requires_grad=True)
    log_var = torch.zeros(2, 2)
    loss = elbo_loss(logits, torch.ones(2, 4), mu, log_var, free_bits=0.5)
    assert loss.item() == pytest.approx(4 * math.log(2) + 0.5 + 4.5)
    (gradient,) = torch.autograd.grad(loss, mu)
    assert not gradient[:, 0].any()
    assert gradient[:, 1].all()


def test_modules_keep_their_options() -> None:
    real, fake = randn(4), randn(4, seed=1)
    none: Any = {"reduction": "none"}
    discriminator = GANDiscriminatorLoss(kind="hinge", **none)
    assert torch.equal(
        discriminator(real, fake), gan_discriminator_loss(real, fake, kind="hinge", **none)
    )
    generator_loss = GANGeneratorLoss(kind="least-squares", **none)
    assert torch.equal(generator_loss(fake), gan_generator_loss(fake, kind="least-squares", **none))
    tensors = randn(2, 4), randn(2, 4, seed=1), randn(2, 3), randn(2, 3, seed=2)
    options: Any = {"likelihood": "gaussian", "scale": 0.3, "beta": 2.0, "free_bits": 0.1}
    bound = ELBOLoss(**options)
    assert torch.equal(bound(*tensors), elbo_loss(*tensors, **options))
    assert "likelihood='gaussian', scale=0.3, beta=2.0, free_bits=0.1" in repr(bound)


X = torch.ones(2, 3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gan_generator_loss(X, kind="lsgan"), "`kind` must be one of .*'least-squares'"),  # type: ignore[arg-type]
        (lambda: gan_discriminator_loss(X, X.to("meta")), "`fake_logits` must be on the device"),
        (lambda: gradient_penalty(nn.Linear(3, 1), X, X[:1]), "`fake` must be of the shape of"),
        (lambda: gradient_penalty(nn.Linear(3, 1), X[0], X[0]), r"`real` must be of shape \(N, "),
        (lambda: gradient_penalty(lambda x: torch.ones(2), X, X), "`critic` must be a function of"),
        (lambda: gradient_penalty(nn.Linear(3, 1), X, X, weight=-1), "`weight` must be at least 0"),
        (lambda: gradient_penalty(nn.Linear(3, 1), X, X, target=-1), "`target` must be at least 0"),
        (lambda: kl_standard_normal(X, X[:, :2]), "`log_var` must be of the shape of `mu`"),
        (lambda: kl_standard_normal(X[0], X[0]), r"`mu` must be of shape \(N, "),
        (lambda: elbo_loss(X, 2 * X, X, X), "`target` must be at least 0 and at most 1 .*Bernoul"),
        (lambda: elbo_loss(X, X, X[:1], X[:1]), "`mu` must be of 2 samples, as `input` is"),
        (lambda: elbo_loss(X, X, X, X, likelihood="mse"), "`likelihood` must be one of"),  # type: ignore[arg-type]
        (lambda: elbo_loss(X, X, X, X, scale=0), "`scale` must be above 0"),
        (lambda: elbo_loss(X, X, X, X, beta=-1), "`beta` must be at least 0"),
        (lambda: elbo_loss(X, X, X, X, free_bits=-1), "`free_bits` must be at least 0"),
        (
            lambda: elbo_loss(X, X, X, X, free_bits=1, reduction="none"),
            "`reduction` must be 'mean' or 'sum' with free bits",
        ),
    ],
)
def test_what_is_refused(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
