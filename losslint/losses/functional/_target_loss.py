"""Losses of the probability that a softmax gives to the target class."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from losslint.losses._contract import (
    Reduction,
    promote,
    promoted_dtype,
    reduce,
)
from losslint.losses.functional._exponentials import LEAST_PROBABILITY, are_tame
from losslint.losses.functional._fused import Gradient, Outputs, by_rows, calculate, share

_LARGE_SOFTMAX = 2**14
"""From this number of logits on (measured: ``make bench-losses``)."""


class OfNLL(Protocol):
    """A loss as a function of n, the negative log-probability of the target class."""

    def loss(self, nll: Tensor) -> Tensor:
        """The loss."""
        ...

    def with_slope(self, log_p: Tensor, p: Tensor, lack: Tensor) -> tuple[Tensor, Tensor]:
        """The loss and its derivative by n, given -n, the probability, and that less 1."""
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
    calculation = _TargetLoss(of_nll, reduction, index, ignored, weights, divisor)
    return calculate(calculation, input, worth_from=_LARGE_SOFTMAX)[0]


class _TargetLoss:
    """The softmax is computed once, and its memory becomes the gradient's."""

    def __init__(
        self,
        of_nll: OfNLL,
        reduction: Reduction,
        index: Tensor,
        ignored: Tensor | None,
        weights: Tensor | None,
        divisor: Tensor | None,
    ) -> None:
        self.of_nll, self.reduction = of_nll, reduction
        self.others = index, ignored, weights, divisor

    def composed(self, input: Tensor) -> Outputs:
        index, ignored, weights, divisor = self.others
        losses = self.of_nll.loss(cross_entropy(promote(input), index, reduction="none"))
        return (reduce(_weighed(losses, ignored, weights), self.reduction, divisor),)

    def fused(self, input: Tensor, wants_gradient: bool) -> tuple[Outputs, Gradient | None]:
        if not wants_gradient:
            return self.composed(input), None
        index, ignored, weights, divisor = self.others
        # All of one number a position is of shape (N, 1, *) here.
        at = index.unsqueeze(1)
        powers, sums, p, log_p = _softmax(input, at)
        lack = log_p.expm1()
        losses, slope = self.of_nll.with_slope(log_p, p, lack)
        if sums is not None:
            lack, slope = lack * sums, slope / sums
        powers.scatter_(1, at, lack)
        if ignored is not None or weights is not None:
            ignored = None if ignored is None else ignored.unsqueeze(1)
            weights = None if weights is None else weights.unsqueeze(1)
            losses, slope = (_weighed(each, ignored, weights) for each in (losses, slope))
        total = losses.squeeze(1) if self.reduction == "none" else losses.sum()
        if self.reduction == "mean":
            each = share(slope, slope.numel(), divisor)
            slope.mul_(each)
            total.mul_(each)

        def gradient(grad: Tensor) -> Tensor:
            if grad.dim():
                grad = grad.unsqueeze(1)
            made = powers.mul_(slope.mul_(grad))
            return made if made.dtype == input.dtype else made.to(input.dtype)

        return (total,), gradient


def _softmax(input: Tensor, at: Tensor) -> tuple[Tensor, Tensor | None, Tensor, Tensor]:
    """The softmax, as exponentials and their sums, or None where the sums are 1.

    Then, of the targets, the probability and its logarithm. All but the first are (N, 1, *).
    """
    dtype = promoted_dtype(input)
    powers = torch.empty_like(input, dtype=dtype)
    # In half precision it would need a copy of all.
    if input.is_cpu and input.dim() == 2 and input.dtype == dtype:
        sums = torch.exp(input, out=powers).sum(1, keepdim=True)
        if are_tame(sums):
            p = powers.gather(1, at).div_(sums)
            # The logarithm of the rounded probability has the digits that torch's log_softmax
            # has, as long as there is a probability.
            if p.min().item() >= LEAST_PROBABILITY:
                return powers, sums, p, p.log()
    log_p = torch.empty_like(at, dtype=dtype)
    for logits, piece, own, out in by_rows(input, powers, at, log_p):
        torch.log_softmax(promote(logits), 1, out=piece)
        torch.gather(piece, 1, own, out=out)
        piece.exp_()
    return powers, None, log_p.exp(), log_p


def _weighed(values: Tensor, ignored: Tensor | None, weights: Tensor | None) -> Tensor:
    if ignored is not None:
        values = values.masked_fill(ignored, 0)
    return values if weights is None else values * weights
