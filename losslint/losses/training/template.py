"""A loss to write your own from: ``losslint losses copy custom``."""

from __future__ import annotations

import torch
from torch import Tensor

from losslint.losses._contract import (
    Reduction,
    check_floating,
    check_mask,
    check_number,
    check_real,
    check_reduction,
    check_same_device,
    check_same_shape,
    masked_out,
    promote,
    reduce,
)
from losslint.losses._module import Loss


def custom_loss(
    input: Tensor,
    target: Tensor,
    *,
    scale: float = 1.0,
    mask: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    r"""The Cauchy loss, as an example of a loss of your own. Put your formula in its place.

    .. math:: \ell = \frac{c^2}{2} \log\left(1 + \left(\frac{x - y}{c}\right)^2\right)

    Args:
        input: predictions, any shape.
        target: the same shape.
        scale: :math:`c`, from which error on the gradient falls again, above 0.
        mask: torch.bool, the same shape; False where an element does not count. What stands
            there may be NaN.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Returns:
        At least 0; a number, or for ``"none"`` the input's shape; float32 for half precision.

    Raises:
        TypeError, ValueError: for an argument of the wrong type, shape, device or range.

    Reference: Barron, A General and Adaptive Robust Loss Function, 2019, alpha = 0.

    >>> custom_loss(torch.tensor([0.0, 1.0]), torch.zeros(2), reduction="none")
    tensor([0.0000, 0.3466])
    """
    # Shapes first: broadcasting (N, 1) against (N,) gives N * N errors, and no exception.
    check_floating("input", input)
    check_real("target", target)
    check_same_shape("target", target, "input", input)
    check_same_device("target", target, "input", input)
    check_number("scale", scale, above=0)
    if mask is not None:
        check_mask("mask", mask, "input", input)
    check_reduction(reduction)
    # Half precision up: float16 overflows at 65504, which is the square of 256.
    prediction = promote(input)
    truth = target.to(prediction.dtype)
    # What is masked out goes before the arithmetic: the gradient of a NaN times 0 is NaN.
    error = masked_out(prediction, mask) - masked_out(truth, mask)
    # log1p, as 1 + a small square would round to 1. Likewise: logsumexp for log(sum(exp)),
    # softplus for log(1 + exp), log_softmax for log(softmax), expm1 for exp - 1, the logits for
    # any probability, and clamp_min before a root or a division, not eps after it.
    losses = scale**2 / 2 * torch.log1p((error / scale).square())
    # Divided by what counts, so that padding changes nothing; 0 where nothing does.
    count = None if mask is None else mask.sum()
    return reduce(masked_out(losses, mask), reduction, count)


class CustomLoss(Loss):
    """``custom_loss`` with its options.

    Shapes: input, target and mask all the same, any.
    """

    def __init__(self, *, scale: float = 1.0, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.scale = scale
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
        """The loss of predictions and targets."""
        return custom_loss(input, target, scale=self.scale, mask=mask, reduction=self.reduction)
