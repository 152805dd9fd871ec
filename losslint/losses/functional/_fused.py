"""Losses that are computed together with their gradient.

A loss written as a chain of torch operations walks over memory once an operation, and autograd
keeps most of what it makes. Computed by hand the intermediate results stay in the cache, forward
and backward share them, and what is kept is one tensor, which becomes the gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.autograd import forward_ad

from losslint.losses._contract import is_compiling

Outputs = tuple[Tensor, ...]
Gradient = Callable[..., Tensor]
"""Takes the gradient of each output (None for 0), gives that of the input. Is called once, so that
it may write over what it keeps."""

_PIECE = {"cpu": 2**18}
_PIECE_ELSEWHERE = 2**24
"""An accelerator needs pieces that fill it; there they save memory only."""


# torch 2.2 does not tell what torch.autograd.grad(is_grads_batched=True) batches.
_is_batched = getattr(
    torch._C._functorch,
    "is_legacy_batchedtensor",
    torch._C._functorch.is_functorch_wrapped_tensor,
)


class Calculation(Protocol):
    """A loss in two forms, which give the same."""

    @property
    def composed(self) -> Callable[..., Outputs]:
        """In torch's operations: for compilers, torch.func and derivatives of the gradient."""
        ...

    @property
    def fused(self) -> Callable[..., tuple[Outputs, Gradient | None]]:
        """By hand, with what makes the gradient, or None if it is not wanted.

        Takes the same arguments, and whether a gradient is wanted, as ``wants_gradient``.
        """
        ...


def calculate(
    calculation: Calculation, input: Tensor, *others: Tensor | None, worth_from: int = 1
) -> Outputs:
    """The outputs of a calculation, in the form that fits.

    Args:
        calculation: what to compute.
        input: what the gradient is for, if it is asked for.
        others: further arguments; where one wants a gradient, the composed form is used.
        worth_from: from how many elements on by hand is faster.
    """
    if input.numel() >= worth_from and can_fuse(input) and all(map(_is_constant, others)):
        outputs: Outputs = _Fused.apply(calculation, input, *others)  # type: ignore[no-untyped-call]
        return outputs
    return calculation.composed(input, *others)


def can_fuse(tensor: Tensor) -> bool:
    """Whether an autograd function does for this tensor what torch's operations would."""
    return (
        not is_compiling()
        and not torch._C._is_tracing()
        # Its elements may be elsewhere, as those of a DTensor.
        and type(tensor) in (Tensor, nn.Parameter)
        and not torch._C._functorch.is_functorch_wrapped_tensor(tensor)
        and forward_ad._current_level < 0
    )


def piece_size(tensor: Tensor) -> int:
    """How many elements a piece has that is computed as a whole."""
    return _PIECE.get(tensor.device.type, _PIECE_ELSEWHERE)


def by_rows(tensor: Tensor, *others: Tensor) -> Iterator[tuple[Tensor, ...]]:
    """Tensors of one length in pieces of some rows, as many as make a piece of the first."""
    rows = max(piece_size(tensor) * len(tensor) // tensor.numel(), 1)
    if rows >= len(tensor):
        yield tensor, *others
        return
    for span in spans(len(tensor), rows):
        yield tensor[span], *(other[span] for other in others)


def spans(length: int, step: int) -> Iterator[slice]:
    """Slices of at most ``step`` that cover ``length``."""
    step = max(step, 1)
    return (slice(start, min(start + step, length)) for start in range(0, length, step))


def _is_constant(tensor: Tensor | None) -> bool:
    return tensor is None or (not tensor.requires_grad and can_fuse(tensor))


class _Fused(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, calculation: Calculation, input: Tensor, *others: Tensor | None
    ) -> Outputs:
        ctx.set_materialize_grads(False)
        outputs, ctx.gradient = calculation.fused(
            input, *others, wants_gradient=ctx.needs_input_grad[1]
        )
        ctx.save_for_backward(input, *others)
        ctx.calculation = calculation
        return outputs

    @staticmethod
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Tensor | None, ...]:
        input, *others = ctx.saved_tensors
        gradient, ctx.gradient = ctx.gradient, None
        given = [grad for grad in grads if grad is not None]
        if not given:
            return (None,) * (len(others) + 2)
        if torch.is_grad_enabled() or any(map(_is_batched, given)):
            # For all rows of a Jacobian matrix at once nothing can be written over.
            with torch.enable_grad():
                outputs = ctx.calculation.composed(input, *others)
            result = _gradient(outputs, input, grads)
        else:
            if gradient is None:
                # Asked for again, when what was kept has become the first one.
                _, gradient = ctx.calculation.fused(input, *others, wants_gradient=True)
            result = gradient(*grads)
        return None, result, *[None] * len(others)


def _gradient(outputs: Outputs, input: Tensor, grads: tuple[Tensor | None, ...]) -> Tensor:
    used = [(out, grad) for out, grad in zip(outputs, grads, strict=True) if grad is not None]
    outs, of_outs = zip(*used, strict=True)
    is_differentiable = torch.is_grad_enabled()
    return torch.autograd.grad(outs, input, of_outs, create_graph=is_differentiable)[0]
