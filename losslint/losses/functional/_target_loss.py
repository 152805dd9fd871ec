"""Losses of the probability that a softmax gives to the target class."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from losslint.losses._contract import (
    Reduction,
    can_read,
    promote,
    promoted_dtype,
    quotient,
    reduce,
)
from losslint.losses.functional._fused import Gradient, Outputs, by_rows, calculate

_LARGE_SOFTMAX = 2**14
"""From this number of logits on (measured: ``make bench-losses``)."""


class OfNLL(Protocol):
    """A loss as a function of n, the negative log-probability of the target class."""

    def loss(self, nll: Tensor) -> Tensor:
        """The loss."""
        ...

    def with_slope(self, nll: Tensor, p: Tensor) -> tuple[Tensor, Tensor]:
        """The loss, and its derivative by n, given the probability as well."""
        ...


def target_loss(
    of_nll: OfNLL,
    reduction: Reduction,
    input: Tensor,
    index: Tensor,
    ignored: Tensor | None,
    weights: Tensor | None,
    divisor: Tensor | None,
) -> Tensor:
    """The loss, weighed and reduced.

    Args:
        of_nll: which loss.
        reduction: which.
        input: logits of shape (N, C, *).
        index: the target class, shape (N, *), torch.int64, 0 where ignored.
        ignored: True where a position does not count, or None if all do.
        weights: one for each position.
        divisor: what a mean divides by; without it, the number of positions.

    Returns:
        A number, or for ``"none"`` shape (N, *); float32 for half precision.
    """
    calculation = _TargetLoss(of_nll, reduction)
    others = index, ignored, weights, divisor
    return calculate(calculation, input, *others, worth_from=_LARGE_SOFTMAX)[0]


class _TargetLoss:
    """The softmax is computed once, and its memory becomes the gradient's."""

    def __init__(self, of_nll: OfNLL, reduction: Reduction) -> None:
        self.of_nll, self.reduction = of_nll, reduction

    def composed(
        self,
        input: Tensor,
        index: Tensor,
        ignored: Tensor | None,
        weights: Tensor | None,
        divisor: Tensor | None,
    ) -> Outputs:
        losses = self.of_nll.loss(cross_entropy(promote(input), index, reduction="none"))
        return (reduce(_weighed(losses, ignored, weights), self.reduction, divisor),)

    def fused(
        self,
        input: Tensor,
        index: Tensor,
        ignored: Tensor | None,
        weights: Tensor | None,
        divisor: Tensor | None,
        *,
        wants_gradient: bool,
    ) -> tuple[Outputs, Gradient | None]:
        if not wants_gradient:
            return self.composed(input, index, ignored, weights, divisor), None
        at = index.unsqueeze(1)
        probability, p, nll = _softmax(input, at)
        losses, slope = self.of_nll.with_slope(nll, p)
        slope = _weighed(slope, ignored, weights)
        if self.reduction == "mean":
            slope = slope.div_(slope.numel()) if divisor is None else quotient(slope, divisor)

        def gradient(grad: Tensor) -> Tensor:
            steep = (slope * grad).unsqueeze(1)
            probability.mul_(steep).scatter_add_(1, at, steep.neg_())
            return probability.to(input.dtype)

        losses = _weighed(losses, ignored, weights)
        return (reduce(losses, self.reduction, divisor),), gradient


def _softmax(input: Tensor, at: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The softmax, and of the targets the probability and its negative logarithm."""
    if input.dim() == 2 and can_read(input):
        probability = input.softmax(1, promoted_dtype(input))
        p = probability.gather(1, at).squeeze(1)
        # The logarithm of the rounded probability has the digits that torch's log_softmax has, as
        # long as there is a probability.
        if p.amin().item() >= torch.finfo(p.dtype).tiny:
            return probability, p, p.log().neg_()
    probability = torch.empty_like(input, dtype=promoted_dtype(input))
    nll = torch.empty_like(at, dtype=probability.dtype)
    for logits, piece, own, out in by_rows(input, probability, at, nll):
        torch.log_softmax(promote(logits), 1, out=piece)
        torch.gather(piece, 1, own, out=out)
        piece.exp_()
    nll = nll.neg_().squeeze(1)
    return probability, nll.neg().exp_(), nll


def _weighed(values: Tensor, ignored: Tensor | None, weights: Tensor | None) -> Tensor:
    if ignored is not None:
        values = values.masked_fill(ignored, 0)
    return values if weights is None else values * weights
