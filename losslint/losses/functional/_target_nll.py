"""The negative log-probability of the target class, which all losses over a softmax start from."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from losslint.losses._contract import promote, promoted_dtype
from losslint.losses.functional._chunks import is_large, piece_size, spans


def target_nll(input: Tensor, target: Tensor, ignored: Tensor | None) -> Tensor:
    """``-log_softmax(input, dim=1)`` at the target of each position, 0 where it is ignored.

    Args:
        input: logits of shape (N, C, *).
        target: class indices of shape (N, *), torch.int64, 0 where ignored.
        ignored: True where a position does not count, or None if all do.

    Returns:
        Shape (N, *), float32 for half precision.
    """
    if is_large(input):
        nll: Tensor = _TargetNLL.apply(input, target)  # type: ignore[no-untyped-call]
    else:
        nll = cross_entropy(promote(input), target, reduction="none")
    return nll if ignored is None else nll.masked_fill(ignored, 0.0)


class _TargetNLL(torch.autograd.Function):
    """Keeps the logits alone for the backward pass, no softmax beside them."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, target: Tensor) -> Tensor:
        ctx.save_for_backward(input, target)
        nll = torch.empty(target.shape, dtype=promoted_dtype(input), device=input.device)
        for rows in spans(len(input), piece_size(input) // input[0].numel()):
            log_p = promote(input[rows]).log_softmax(1)
            torch.neg(log_p.gather(1, target[rows].unsqueeze(1)).squeeze(1), out=nll[rows])
        return nll

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        logits, target = ctx.saved_tensors
        (grad,) = grads
        if torch.is_grad_enabled():
            nll = cross_entropy(promote(logits), target, reduction="none")
            return torch.autograd.grad(nll, logits, grad, create_graph=True)[0], None
        result = torch.empty_like(logits)
        for rows in spans(len(logits), piece_size(logits) // logits[0].numel()):
            part, piece, slope = promote(logits[rows]), result[rows], grad[rows].unsqueeze(1)
            if part.dtype != piece.dtype:
                piece = torch.empty_like(part)
            torch.softmax(part, 1, out=piece)
            piece.mul_(slope).scatter_add_(1, target[rows].unsqueeze(1), -slope)
            if piece.dtype != result.dtype:
                result[rows] = piece
        return result, None
