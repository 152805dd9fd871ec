"""The negative log-probability of the target class, which all losses over a softmax start from."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from losslint.losses._contract import promote, promoted_dtype
from losslint.losses.functional._chunks import is_large, plane_pieces, planes


def target_nll(input: Tensor, target: Tensor, ignored: Tensor | None) -> Tensor:
    """``-log_softmax(input, dim=1)`` at the target of each position, 0 where it is ignored.

    Args:
        input: logits of shape (N, C, *).
        target: class indices of shape (N, *), torch.int64, 0 where ignored.
        ignored: True where a position does not count, or None if all do.

    Returns:
        Shape (N, *), float32 for half precision.
    """
    if is_large(input) and planes(input) is not None:
        nll: Tensor = _TargetNLL.apply(input, target)  # type: ignore[no-untyped-call]
    else:
        nll = cross_entropy(promote(input), target, reduction="none")
    return nll if ignored is None else nll.masked_fill(ignored, 0.0)


class _TargetNLL(torch.autograd.Function):
    """Keeps two numbers a position for the backward pass, not a softmax of the logits' size."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, target: Tensor) -> Tensor:
        view = planes(input)
        assert view is not None
        index = target.reshape(view.shape[0], 1, view.shape[2])
        peak = view.new_empty(index.shape, dtype=promoted_dtype(input))
        total = torch.empty_like(peak)
        for rows, positions in plane_pieces(view):
            logits = promote(view[rows, :, positions])
            highest = logits.amax(1, keepdim=True)
            peak[rows, :, positions] = highest
            total[rows, :, positions] = (logits - highest).exp_().sum(1, keepdim=True)
        ctx.save_for_backward(input, target, peak, total)
        # The peak is subtracted before the logarithm is added: at logits of 1e4 float32 has steps
        # of 1e-3, which would be all that is left of a confident prediction's loss.
        picked = view.gather(1, index).to(peak.dtype)
        return total.log().sub_(picked.sub_(peak)).view(target.shape)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        logits, target, peak, total = ctx.saved_tensors
        (grad,) = grads
        if torch.is_grad_enabled():
            nll = cross_entropy(promote(logits), target, reduction="none")
            return torch.autograd.grad(nll, logits, grad, create_graph=True)[0], None
        result = torch.empty_like(logits)
        view, out = planes(logits), planes(result)
        assert view is not None
        assert out is not None
        index = target.reshape(peak.shape)
        grad = grad.reshape(peak.shape)
        scale = grad / total
        is_half = logits.dtype != peak.dtype
        for rows, positions in plane_pieces(view):
            part = promote(view[rows, :, positions])
            piece = torch.empty_like(part) if is_half else out[rows, :, positions]
            torch.sub(part, peak[rows, :, positions], out=piece)
            piece.exp_().mul_(scale[rows, :, positions])
            piece.scatter_add_(1, index[rows, :, positions], -grad[rows, :, positions])
            if is_half:
                out[rows, :, positions] = piece
        return result, None
