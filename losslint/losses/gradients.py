"""The gradient of one loss on shared parameters, with its graph kept for the backward pass."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor


class Scaler(Protocol):
    """As much of ``torch.amp.GradScaler`` as is needed."""

    def get_scale(self) -> float:
        """The present factor of the loss."""
        ...


def gradients_of(
    loss: Tensor, parameters: Sequence[Tensor], scaler: Scaler | None = None
) -> Tensor | None:
    """The gradients of ``loss`` in one float32 vector, or None if it depends on no parameter.

    ``.grad`` stays as it is, and so do the hooks of ``DistributedDataParallel``. With a scaler the
    backward pass is run at its scale, and the result is divided by it.
    """
    if not loss.requires_grad:
        return None
    scale = scaler.get_scale() if scaler is not None else 1.0
    # torch says that none is None, which is not so with allow_unused.
    gradients: Sequence[Tensor | None] = torch.autograd.grad(
        loss * scale, parameters, retain_graph=True, allow_unused=True
    )
    if all(gradient is None for gradient in gradients):
        return None
    filled = [
        torch.zeros_like(parameter) if gradient is None else gradient
        for parameter, gradient in zip(parameters, gradients, strict=True)
    ]
    return torch.cat([gradient.float().ravel() for gradient in filled]) / scale
