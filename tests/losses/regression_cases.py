"""Regression losses, written from their formulas."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from losslint.losses import (
    CharbonnierLoss,
    LogCoshLoss,
    MAPELoss,
    MaskedMSELoss,
    MSLELoss,
    QuantileLoss,
    RMSELoss,
    SMAPELoss,
    TweedieLoss,
)
from tests.losses.cases import Array, Case, Tensors, rand, randn

QUANTILES = [0.1, 0.5, 0.9]


def pair() -> Tensors:
    return randn(3, 2, 5), randn(3, 2, 5, seed=1) * 2


def positive_pair() -> Tensors:
    target = rand(3, 2, 5, seed=1) * 3
    target[0, 0, 0] = 0
    return rand(3, 2, 5) + 0.2, target


def quantile_tensors() -> Tensors:
    return randn(3, len(QUANTILES), 5), randn(3, 5, seed=1)


def log_cosh(x: Array, y: Array) -> Array:
    return np.asarray(np.log(np.cosh(x - y)))


def charbonnier(x: Array, y: Array) -> Array:
    return np.asarray(np.sqrt((x - y) ** 2 + 0.25))


def mape(x: Array, y: Array) -> Array:
    return np.asarray(np.abs(x - y) / np.maximum(np.abs(y), 0.5))


def smape(x: Array, y: Array) -> Array:
    return np.asarray(2 * np.abs(x - y) / np.maximum(np.abs(x) + np.abs(y), 0.5))


def squared(x: Array, y: Array) -> Array:
    return np.asarray((x - y) ** 2)


def rmse(x: Array, y: Array) -> Array:
    return np.asarray(np.sqrt(((x - y) ** 2).mean((1, 2))))


def msle(x: Array, y: Array) -> Array:
    return np.asarray((np.log(1 + x) - np.log(1 + y)) ** 2)


def msle_of_logarithm(x: Array, y: Array) -> Array:
    return np.asarray((x - np.log(1 + y)) ** 2)


def tweedie(mean: Array, y: Array, *, p: float) -> Array:
    best = y ** (2 - p) / ((1 - p) * (2 - p))
    return np.asarray(2 * (best - y * mean ** (1 - p) / (1 - p) + mean ** (2 - p) / (2 - p)))


def tweedie_of_logarithm(x: Array, y: Array, *, p: float) -> Array:
    return tweedie(np.asarray(np.exp(x)), y, p=p)


def pinball(x: Array, y: Array, *, q: float) -> Array:
    return np.asarray(np.where(y > x, q * (y - x), (1 - q) * (x - y)))


def pinballs(x: Array, y: Array) -> Array:
    return np.asarray(np.mean([pinball(x[:, i], y, q=q) for i, q in enumerate(QUANTILES)], 0))


def case(name: str, build: Any, reference: Any, tensors: Any = pair, **more: Any) -> Case:
    return Case(name, build, tensors, reference, ignores="mask", **more)


CASES = [
    case("log-cosh", LogCoshLoss, log_cosh),
    case("charbonnier", partial(CharbonnierLoss, eps=0.5), charbonnier),
    case("mape", partial(MAPELoss, floor=0.5), mape, is_smooth=False),
    case("smape", partial(SMAPELoss, floor=0.5), smape),
    case("masked mse", MaskedMSELoss, squared, is_steep=True),
    case("rmse", partial(RMSELoss, dim=(1, 2)), rmse, is_sum_of_positions=False),
    case("msle", MSLELoss, msle, positive_pair, is_steep=True),
    case(
        "msle of a logarithm",
        partial(MSLELoss, log_input=True),
        msle_of_logarithm,
        positive_pair,
        is_steep=True,
    ),
    case(
        "tweedie",
        partial(TweedieLoss, power=1.3),
        partial(tweedie_of_logarithm, p=1.3),
        positive_pair,
        is_steep=True,
    ),
    case(
        "tweedie of a mean",
        partial(TweedieLoss, log_input=False),
        partial(tweedie, p=1.5),
        positive_pair,
        is_steep=True,
    ),
    case("quantile", partial(QuantileLoss, 0.9), partial(pinball, q=0.9), is_smooth=False),
    case(
        "quantiles", partial(QuantileLoss, QUANTILES), pinballs, quantile_tensors, is_smooth=False
    ),
]
