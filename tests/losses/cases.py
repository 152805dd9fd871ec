"""A table of losses, each with a reference in numpy that shares no code with it.

Every loss in the table goes through every check of ``test_every_loss.py``. A reference takes arrays
in float64 and returns the losses as reduction="none" does, with nothing ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

Array = npt.NDArray[np.float64]
Tensors = tuple[Tensor, ...]


@dataclass(frozen=True)
class Case:
    """A loss with some options.

    Attributes:
        name: for the test's name.
        build: makes the module; takes ``reduction``.
        tensors: makes the arguments of a call in float64, the prediction first.
        reference: the losses of the arguments, as arrays.
        ignores: how positions are left out: by an ignore_index of -100, a mask that comes
            last, or not at all.
        mean: the mean of the reference's losses, where it is not the plain one.
        is_smooth: whether the second derivative can be checked against differences.
        is_steep: whether the loss is quadratic or exponential in the prediction, so that large
            ones overflow.
        is_sum_of_positions: whether the loss of each position depends on that position only.
        has_positions: whether the last dimension is one of positions, and may be cut.
        has_constant: whether part of the loss is taken for a constant, so that its gradient is
            not that of finite differences.
    """

    name: str
    build: Callable[..., nn.Module]
    tensors: Callable[[], Tensors]
    reference: Callable[..., Array]
    ignores: Literal["index", "mask", None] = None
    mean: Callable[..., float] | None = None
    is_smooth: bool = True
    is_steep: bool = False
    is_sum_of_positions: bool = True
    has_positions: bool = True
    has_constant: bool = False


def generator(seed: int = 0) -> torch.Generator:
    """Numbers that are the same in every run."""
    return torch.Generator().manual_seed(seed)


def randn(*shape: int, seed: int = 0) -> Tensor:
    """Normal numbers in float64."""
    return torch.randn(*shape, generator=generator(seed), dtype=torch.float64)


def rand(*shape: int, seed: int = 0) -> Tensor:
    """Uniform numbers in float64."""
    return torch.rand(*shape, generator=generator(seed), dtype=torch.float64)


def randint(high: int, *shape: int, seed: int = 1) -> Tensor:
    """Integers from 0 to below ``high``."""
    return torch.randint(high, shape, generator=generator(seed))


def arrays(tensors: Sequence[Tensor]) -> list[npt.NDArray[Any]]:
    """The arguments of a reference."""
    return [tensor.detach().double().numpy() for tensor in tensors]


def module(case: Case, reduction: str = "mean", dtype: torch.dtype = torch.float64) -> nn.Module:
    """The loss, its buffers of this type."""
    return case.build(reduction=reduction).to(dtype)
