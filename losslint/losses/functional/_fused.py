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

from losslint.losses._contract import is_compiling, quotient

Outputs = tuple[Tensor, ...]
Gradient = Callable[..., Tensor]
"""Takes the gradient of each output (None for 0), gives that of the input. Is called once, so that
it may write over what it keeps."""

_PIECE = {"cpu": 2**18}
_PIECE_ELSEWHERE = 2**24
"""An accelerator needs pieces that fill it; there they save memory only."""


_PLAIN = (Tensor, nn.Parameter)
"""The elements of others may be elsewhere, as those of a DTensor."""

# torch 2.2 does not tell what torch.autograd.grad(is_grads_batched=True) batches.
_is_batched = getattr(
    torch._C._functorch,
    "is_legacy_batchedtensor",
    torch._C._functorch.is_functorch_wrapped_tensor,
)


class Calculation(Protocol):
    """A loss in two forms, which give the same."""

    @property
    def others(self) -> tuple[Tensor | None, ...]:
        """What it takes beside the input; where that wants a gradient, the form is composed."""
        ...

    def composed(self, input: Tensor) -> Outputs:
        """In torch's operations: for compilers, torch.func and derivatives of the gradient."""
        ...

    def fused(self, input: Tensor, wants_gradient: bool) -> tuple[Outputs, Gradient | None]:
        """By hand, with what makes the gradient, or None if it is not wanted."""
        ...


def calculate(calculation: Calculation, input: Tensor, *, worth_from: int = 1) -> Outputs:
    """The outputs of a calculation, in the form that fits.

    Args:
        calculation: what to compute.
        input: what the gradient is for, if it is asked for.
        worth_from: from how many elements on by hand is faster.
    """
    if input.numel() >= worth_from and can_fuse(input, *calculation.others):
        outputs: Outputs = _apply(calculation, input)  # type: ignore[no-untyped-call]
        return outputs
    return calculation.composed(input)


def share(like: Tensor, count: int, divisor: Tensor | None) -> Tensor:
    """What a mean multiplies a sum by: one over the divisor (0 if that is 0), or the count.

    A tensor of no dimensions. An operation makes one of each number that it is given, and takes
    twice as long for it.
    """
    if divisor is None:
        return like.new_full((), 1 / count)
    return quotient(like.new_ones(()), divisor)


def can_fuse(input: Tensor, *others: Tensor | None) -> bool:
    """Whether an autograd function of the input does what torch's operations would."""
    if (
        is_compiling()
        or torch._C._is_tracing()
        or torch._C._are_functorch_transforms_active()
        or forward_ad._current_level >= 0
    ):
        return False
    for other in others:
        if other is not None and (other.requires_grad or type(other) not in _PLAIN):
            return False
    return type(input) in _PLAIN


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


class _Fused(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, calculation: Calculation, input: Tensor) -> Outputs:
        ctx.set_materialize_grads(False)
        outputs, ctx.gradient = calculation.fused(input, ctx.needs_input_grad[1])
        ctx.calculation = calculation
        # All of them, so that torch notices if one is changed before the gradient is asked for.
        ctx.save_for_backward(input, *calculation.others)
        return outputs

    @staticmethod
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[None, Tensor | None]:
        input = ctx.saved_tensors[0]
        gradient, ctx.gradient = ctx.gradient, None
        given = [grad for grad in grads if grad is not None]
        if not given:
            return None, None
        if torch.is_grad_enabled() or any(map(_is_batched, given)):
            # For all rows of a Jacobian matrix at once nothing can be written over.
            with torch.enable_grad():
                outputs = ctx.calculation.composed(input)
            return None, _gradient(outputs, input, grads)
        if gradient is None:
            # Asked for again, when what was kept has become the first one.
            _, gradient = ctx.calculation.fused(input, True)
        return None, gradient(*grads)


# Without torch's search for transforms of torch.func, of which can_fuse has found none.
_apply = super(torch.autograd.Function, _Fused).apply


def _gradient(outputs: Outputs, input: Tensor, grads: tuple[Tensor | None, ...]) -> Tensor:
    used = [(out, grad) for out, grad in zip(outputs, grads, strict=True) if grad is not None]
    outs, of_outs = zip(*used, strict=True)
    is_differentiable = torch.is_grad_enabled()
    return torch.autograd.grad(outs, input, of_outs, create_graph=is_differentiable)[0]
