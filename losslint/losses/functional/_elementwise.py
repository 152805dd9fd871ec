"""Losses that are computed element by element, in pieces where there are many."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from losslint.losses._contract import promoted_dtype
from losslint.losses.functional._chunks import is_large, piece_size, spans

Elementwise = Callable[[Tensor, Tensor], Tensor]


def elementwise(
    loss: Elementwise, input: Tensor, target: Tensor, slope: Elementwise | None = None
) -> Tensor:
    """``loss(input, target)``, with memory for its intermediate results in pieces only.

    Args:
        loss: takes pieces of both, flattened, the input in at least float32; gives a loss
            an element. Must not keep anything from piece to piece.
        input: any shape.
        target: the same shape.
        slope: the derivative of the loss by the input, where that is less work than the loss.

    Returns:
        The same shape, float32 for half precision.
    """
    if (
        is_large(input)
        and input.is_contiguous()
        and target.is_contiguous()
        and not target.requires_grad
    ):
        return _Pieces.apply(loss, slope, input, target)  # type: ignore[no-any-return, no-untyped-call]
    dtype = promoted_dtype(input)
    return loss(input.to(dtype), target.to(dtype))


class _Pieces(torch.autograd.Function):
    """Computes a piece's loss again for its gradient, instead of keeping what autograd needs."""

    @staticmethod
    def forward(
        ctx: Any, loss: Elementwise, slope: Elementwise | None, input: Tensor, target: Tensor
    ) -> Tensor:
        ctx.save_for_backward(input, target)
        ctx.loss, ctx.slope = loss, slope
        dtype = promoted_dtype(input)
        losses = torch.empty(input.shape, dtype=dtype, device=input.device)
        flat, flat_input, flat_target = losses.view(-1), input.view(-1), target.view(-1)
        for piece in spans(flat.numel(), piece_size(input)):
            flat[piece] = loss(flat_input[piece].to(dtype), flat_target[piece].to(dtype))
        return losses

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[None, None, Tensor, None]:
        values, target = ctx.saved_tensors
        (grad,) = grads
        dtype = grad.dtype
        if torch.is_grad_enabled():
            losses = ctx.loss(values.to(dtype), target.to(dtype))
            (result,) = torch.autograd.grad(losses, values, grad, create_graph=True)
            return None, None, result, None
        result = torch.empty_like(values)
        flat_input, flat_target, flat_grad = values.view(-1), target.view(-1), grad.reshape(-1)
        for piece in spans(result.numel(), piece_size(values)):
            if ctx.slope is not None:
                steep = ctx.slope(flat_input[piece].to(dtype), flat_target[piece].to(dtype))
                result.view(-1)[piece] = steep.mul_(flat_grad[piece])
                continue
            with torch.enable_grad():
                part = flat_input[piece].detach().requires_grad_()
                losses = ctx.loss(part.to(dtype), flat_target[piece].to(dtype))
            (result.view(-1)[piece],) = torch.autograd.grad(losses, part, flat_grad[piece])
        return None, None, result, None
