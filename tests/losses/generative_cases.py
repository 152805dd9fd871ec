"""Losses of generative models, written from their formulas."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from losslint.losses.functional.generative import (
    GanKind,
    elbo_loss,
    gan_discriminator_loss,
    gan_generator_loss,
    kl_standard_normal,
)
from tests.losses.batch_cases import BatchCase
from tests.losses.cases import Array, Tensors, rand, randn


def sigmoid(x: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-x)))


DISCRIMINATOR: dict[GanKind, Any] = {
    "non-saturating": lambda real, fake: -np.log(sigmoid(real)) - np.log(1 - sigmoid(fake)),
    "least-squares": lambda real, fake: ((real - 1) ** 2 + fake**2) / 2,
    "hinge": lambda real, fake: np.maximum(0, 1 - real) + np.maximum(0, 1 + fake),
    "wasserstein": lambda real, fake: fake - real,
}
GENERATOR: dict[GanKind, Any] = {
    "non-saturating": lambda fake: -np.log(sigmoid(fake)),
    "least-squares": lambda fake: (fake - 1) ** 2 / 2,
    "hinge": lambda fake: -fake,
    "wasserstein": lambda fake: -fake,
}


def outputs() -> Tensors:
    return randn(3, 2), randn(3, 2, seed=1)


def posterior() -> Tensors:
    return randn(3, 2, 2), randn(3, 2, 2, seed=1)


def images() -> Tensors:
    return randn(3, 2, 4), rand(3, 2, 4, seed=1), *posterior()


def divergences(mu: Array, log_var: Array) -> Array:
    """From the entropy of one and the cross entropy with the other distribution."""
    variance = np.exp(log_var)
    entropy = np.log(2 * np.pi * np.e * variance) / 2
    crossed = np.log(2 * np.pi) / 2 + (mu**2 + variance) / 2
    return np.asarray((crossed - entropy).reshape(len(mu), -1))


def kl(mu: Array, log_var: Array) -> Array:
    return np.asarray(divergences(mu, log_var).sum(1))


def unlikelihood(input: Array, target: Array, scale: float | None) -> Array:
    if scale is None:
        p = sigmoid(input)
        nats = -target * np.log(p) - (1 - target) * np.log(1 - p)
    else:
        density = np.exp(-(((input - target) / scale) ** 2) / 2) / (scale * np.sqrt(2 * np.pi))
        nats = -np.log(density)
    return np.asarray(nats.reshape(len(input), -1).sum(1))


def elbo(
    input: Array,
    target: Array,
    mu: Array,
    log_var: Array,
    *,
    scale: float | None = None,
    beta: float = 1.0,
) -> Array:
    return unlikelihood(input, target, scale) + beta * kl(mu, log_var)


def elbo_with_free_bits(
    input: Array, target: Array, mu: Array, log_var: Array, *, free_bits: float
) -> Array:
    """Shared out evenly to the samples, so that the mean and the sum are those of the batch."""
    rate = np.maximum(free_bits, divergences(mu, log_var).mean(0)).sum()
    return np.asarray(unlikelihood(input, target, None) + rate)


CASES = [
    *(
        BatchCase(
            f"gan-discriminator-{kind}",
            partial(partial, gan_discriminator_loss, kind=kind),
            outputs,
            reference,
            is_smooth=kind == "non-saturating",
            is_steep=kind == "least-squares",
            is_of_one_shape=False,
        )
        for kind, reference in DISCRIMINATOR.items()
    ),
    *(
        BatchCase(
            f"gan-generator-{kind}",
            partial(partial, gan_generator_loss, kind=kind),
            lambda: outputs()[1:],
            reference,
            is_smooth=kind == "non-saturating",
            is_steep=kind == "least-squares",
            is_of_one_shape=False,
        )
        for kind, reference in GENERATOR.items()
    ),
    BatchCase("kl", partial(partial, kl_standard_normal), posterior, kl, is_steep=True),
    BatchCase("elbo", partial(partial, elbo_loss), images, elbo, is_steep=True),
    BatchCase(
        "elbo-gaussian-beta",
        partial(partial, elbo_loss, likelihood="gaussian", scale=0.5, beta=4.0),
        images,
        partial(elbo, scale=0.5, beta=4.0),
        is_steep=True,
    ),
    BatchCase(
        "elbo-free-bits",
        partial(partial, elbo_loss, free_bits=0.7),
        images,
        partial(elbo_with_free_bits, free_bits=0.7),
        reductions=("sum", "mean"),
        is_smooth=False,
        is_steep=True,
    ),
]
