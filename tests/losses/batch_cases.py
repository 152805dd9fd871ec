"""Losses of a whole batch, each with a reference in numpy that shares no code with it.

In these the loss of one row depends on the others, so that they do not fit into the table of the
losses by position. Every one goes through every check of ``test_every_batch_loss.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt
from torch import Tensor

from tests.losses.cases import Array, Tensors


@dataclass(frozen=True)
class BatchCase:
    """A loss with some options.

    Attributes:
        name: for the test's name.
        build: makes the loss; takes ``reduction``.
        tensors: makes the arguments of a call, those with a gradient in float64.
        reference: the losses of the arguments, as arrays, as reduction="none" gives them.
        mean: the mean of the reference's losses, where it is not the plain one.
        reductions: which ones there are.
        is_smooth: whether the second derivative can be checked against differences.
        is_steep: whether the loss is quadratic or exponential, so that large values overflow.
        is_of_one_shape: whether its arguments have to fit together.
        tolerance: how far float32 may be off, for values and gradients.
    """

    name: str
    build: Callable[..., Callable[..., Tensor]]
    tensors: Callable[[], Tensors]
    reference: Callable[..., Array]
    mean: Callable[..., float] | None = None
    reductions: tuple[str, ...] = ("none", "sum", "mean")
    is_smooth: bool = True
    is_steep: bool = False
    is_of_one_shape: bool = True
    tolerance: float = 1e-5


def mean_over(count: Callable[..., npt.NDArray[Any]]) -> Callable[..., float]:
    """The sum of the losses over how many count, which the arguments say."""

    def mean(losses: Array, *arguments: Array) -> float:
        return float(losses.sum() / count(*arguments).sum())

    return mean
