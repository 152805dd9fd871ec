"""When a loss is computed piece by piece, and in which pieces.

A loss written as a chain of torch operations walks over memory once an operation, and autograd
keeps most of what it makes. Piece by piece the intermediate results stay in the cache and are gone
at once. For small inputs the pieces cost more than they save; a compiler fuses the chain itself.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

_LARGE = 2**18
"""From this number of elements on pieces are faster (measured: ``make bench-losses``)."""
_PIECE = {"cpu": 2**18}
_PIECE_ELSEWHERE = 2**24
"""An accelerator needs pieces that fill it; there they save memory only."""


def is_large(tensor: Tensor) -> bool:
    """Whether a loss over this tensor should be computed piece by piece."""
    return (
        not torch.compiler.is_compiling()
        and tensor.numel() >= _LARGE
        and not torch._C._functorch.is_functorch_wrapped_tensor(tensor)
    )


def piece_size(tensor: Tensor) -> int:
    """How many elements a piece has."""
    return _PIECE.get(tensor.device.type, _PIECE_ELSEWHERE)


def spans(length: int, step: int) -> Iterator[slice]:
    """Slices of at most ``step`` that cover ``length``."""
    step = max(step, 1)
    return (slice(start, min(start + step, length)) for start in range(0, length, step))
