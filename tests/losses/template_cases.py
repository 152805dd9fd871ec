"""The loss to write one's own from."""

from __future__ import annotations

from functools import partial

import numpy as np

from losslint.losses.training.template import CustomLoss
from tests.losses.cases import Array, Case, randn


def cauchy(input: Array, target: Array, *, scale: float) -> Array:
    return np.asarray(scale**2 / 2 * np.log(1 + ((input - target) / scale) ** 2))


CASES = [
    Case(
        "template",
        partial(CustomLoss, scale=0.5),
        lambda: (randn(3, 4, 5), randn(3, 4, 5, seed=1)),
        partial(cauchy, scale=0.5),
        ignores="mask",
    ),
]
