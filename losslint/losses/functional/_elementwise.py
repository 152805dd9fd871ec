"""Losses that are computed element by element, in pieces where there are many."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from losslint.losses._contract import Reduction, masked_out, promoted_dtype, reduce
from losslint.losses.functional._fused import Gradient, Outputs, calculate, piece_size, share, spans

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
    if weight is None and mask is None:
        return calculate(_Elements(loss, with_slope, reduction, target, divisor), input)[0]
    (losses,) = calculate(_Elements(loss, with_slope, "none", target, None), input)
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
    def __init__(
        self,
        loss: Elementwise,
        with_slope: WithSlope | None,
        reduction: Reduction,
        target: Tensor,
        divisor: Tensor | None,
    ) -> None:
        self.loss, self.reduction = loss, reduction
        self.with_slope = self._by_autograd if with_slope is None else with_slope
        self.target, self.divisor = target, divisor
        self.others = target, divisor

    def composed(self, input: Tensor) -> Outputs:
        dtype = promoted_dtype(input)
        losses = self.loss(input.to(dtype), self.target.to(dtype))
        return (reduce(losses, self.reduction, self.divisor),)

    def fused(self, input: Tensor, wants_gradient: bool) -> tuple[Outputs, Gradient | None]:
        is_small = input.numel() <= piece_size(input) // 4
        compute = self._at_once if is_small else self._in_pieces
        output, slopes = compute(input, self.target, wants_gradient)
        each = None
        if self.reduction == "mean":
            each = share(output, input.numel(), self.divisor)
            output.mul_(each)

        def gradient(grad: Tensor) -> Tensor:
            made = slopes.mul_(grad if each is None else grad * each)
            return made if made.dtype == input.dtype else made.to(input.dtype)

        return (output,), gradient if wants_gradient else None

    def _at_once(self, input: Tensor, target: Tensor, wants_slopes: bool) -> tuple[Tensor, Tensor]:
        """The losses or their sum, and the slopes if they are wanted."""
        dtype = promoted_dtype(input)
        pair = (each if each.dtype == dtype else each.to(dtype) for each in (input, target))
        losses, slopes = self.with_slope(*pair) if wants_slopes else (self.loss(*pair), input)
        return losses if self.reduction == "none" else losses.sum(), slopes

    def _in_pieces(
        self, input: Tensor, target: Tensor, wants_slopes: bool
    ) -> tuple[Tensor, Tensor]:
        flat_input, flat_target = input.reshape(-1), target.reshape(-1)
        losses, slopes = (
            torch.empty(
                input.shape if is_kept else (0,), dtype=promoted_dtype(input), device=input.device
            )
            for is_kept in (self.reduction == "none", wants_slopes)
        )
        sums = []
        for span in spans(input.numel(), piece_size(input) // 4):
            piece, steep = self._at_once(flat_input[span], flat_target[span], wants_slopes)
            if wants_slopes:
                slopes.view(-1)[span] = steep
            if self.reduction == "none":
                losses.view(-1)[span] = piece
            else:
                sums.append(piece)
        return losses if self.reduction == "none" else torch.stack(sums).sum(), slopes

    def _by_autograd(self, input: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        with torch.enable_grad():
            leaf = input.detach().requires_grad_()
            losses = self.loss(leaf, target)
            (slope,) = torch.autograd.grad(losses.sum(), leaf)
        return losses.detach(), slope
