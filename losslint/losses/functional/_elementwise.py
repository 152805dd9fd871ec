"""Losses that are computed element by element, in pieces where there are many."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from losslint.losses._contract import Reduction, masked_out, promoted_dtype, reduce
from losslint.losses.functional._fused import Gradient, Outputs, calculate, piece_size, spans

Elementwise = Callable[[Tensor, Tensor], Tensor]
"""Takes pieces of input and target, flattened, the input in at least float32; gives a loss an
element. Must not keep anything from piece to piece, nor change what it is given."""
WithSlope = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
"""The same, and beside the losses their derivatives by the input."""


def elementwise(
    loss: Elementwise,
    input: Tensor,
    target: Tensor,
    *,
    with_slope: WithSlope | None = None,
    weight: Tensor | None = None,
    mask: Tensor | None = None,
    divisor: Tensor | None = None,
    reduction: Reduction,
) -> Tensor:
    """``loss(input, target)``, weighed and reduced.

    Args:
        loss: the loss.
        input: any shape.
        target: the same shape.
        with_slope: the loss and its derivative in fewer steps than autograd would take.
        weight: one for each element.
        mask: False where an element does not count.
        divisor: what a mean divides by; without it, the sum of the weights of what counts.
        reduction: which.

    Returns:
        A number, or for ``"none"`` the input's shape; float32 for half precision.
    """
    if weight is None and mask is None and reduction != "none":
        (total,) = calculate(_Elements(loss, with_slope, is_summed=True), input, target)
        if reduction == "sum" or not input.numel():
            return total
        return total / (input.numel() if divisor is None else divisor)
    (losses,) = calculate(_Elements(loss, with_slope, is_summed=False), input, target)
    return reduce_elements(losses, weight, mask, reduction, divisor)


def reduce_elements(
    losses: Tensor,
    weight: Tensor | None,
    mask: Tensor | None,
    reduction: Reduction,
    divisor: Tensor | None = None,
) -> Tensor:
    """The losses, weighed; a mean divides by the sum of the weights of what counts."""
    losses = masked_out(losses, mask)
    if weight is not None:
        weights = masked_out(weight.to(losses.dtype), mask)
        return reduce(losses * weights, reduction, weights.sum())
    if mask is not None and divisor is None:
        divisor = mask.sum()
    return reduce(losses, reduction, divisor)


class _Elements:
    def __init__(self, loss: Elementwise, with_slope: WithSlope | None, is_summed: bool) -> None:
        self.loss, self.is_summed = loss, is_summed
        self.with_slope = with_slope or self._by_autograd

    def composed(self, input: Tensor, target: Tensor) -> Outputs:
        dtype = promoted_dtype(input)
        losses = self.loss(input.to(dtype), target.to(dtype))
        return (losses.sum() if self.is_summed else losses,)

    def fused(
        self, input: Tensor, target: Tensor, *, wants_gradient: bool
    ) -> tuple[Outputs, Gradient | None]:
        dtype = promoted_dtype(input)
        flat_input, flat_target = input.reshape(-1), target.reshape(-1)
        losses, slopes = (
            torch.empty(flat_input.shape if is_kept else 0, dtype=dtype, device=input.device)
            for is_kept in (not self.is_summed, wants_gradient)
        )
        sums = []
        for piece in spans(input.numel(), piece_size(input) // 4):
            of_piece = flat_input[piece].to(dtype), flat_target[piece].to(dtype)
            if wants_gradient:
                values, slopes[piece] = self.with_slope(*of_piece)
            else:
                values = self.loss(*of_piece)
            if self.is_summed:
                sums.append(values.sum())
            else:
                losses[piece] = values

        def gradient(grad: Tensor) -> Tensor:
            return slopes.view(input.shape).mul_(grad).to(input.dtype)

        output = torch.stack(sums).sum() if self.is_summed else losses.view(input.shape)
        return (output,), gradient if wants_gradient else None

    def _by_autograd(self, input: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        with torch.enable_grad():
            leaf = input.detach().requires_grad_()
            losses = self.loss(leaf, target)
            (slope,) = torch.autograd.grad(losses.sum(), leaf)
        return losses.detach(), slope
