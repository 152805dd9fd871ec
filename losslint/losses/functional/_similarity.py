"""Softmax losses over a matrix of similarities, of which large ones are never held as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from math import isqrt
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn import functional

from losslint.losses._contract import Reduction, reduce, without_autocast
from losslint.losses.functional._fused import (
    Gradient,
    Outputs,
    calculate,
    can_fuse,
    piece_size,
    spans,
)

_LARGE = 2**18
"""From this number of similarities on pieces are faster (measured: ``make bench-losses``)."""
_STEEPEST = 32.0
"""Up to here a logit and its negative have powers of e whose quotients, and sums of many of them,
float32 can hold."""


def unit(vectors: Tensor) -> Tensor:
    """The vectors (N, D) at length 1. A vector of zeros stays, and has an ordinary gradient."""
    length: Tensor = torch.linalg.vector_norm(vectors, dim=1, keepdim=True)
    return vectors / length.masked_fill(length == 0, 1)


def matched(rows: Tensor, columns: Tensor, target: Tensor, reduction: Reduction) -> Tensor:
    """Cross entropy of the logits ``rows @ columns.T``.

    Args:
        rows: shape (R, D).
        columns: shape (C, D).
        target: the column that belongs to each row, shape (R,).
        reduction: which.
    """
    return _matched(rows, columns, target, False, reduction)


def paired(vectors: Tensor, largest: float, reduction: Reduction) -> Tensor:
    """Cross entropy of the logits ``vectors @ vectors.T``, without each vector's own.

    Args:
        vectors: shape (2N, D); n and N + n belong together.
        largest: what no logit exceeds, nor its negative.
        reduction: which.
    """
    count = vectors.shape[0]
    target = torch.arange(count, device=vectors.device).roll(count // 2)
    if reduction == "none" or count**2 < _LARGE or largest > _STEEPEST:
        return _matched(vectors, vectors, target, True, reduction)
    (total,) = calculate(_Pairs(target), vectors)
    return total / count if reduction == "mean" else total


def same_label(rows: Tensor, columns: Tensor, labels: Tensor, reduction: Reduction) -> Tensor:
    """The mean over a row's positives (the others of its label) of the cross entropy with each.

    Row and column of the same number are one sample. A row with no positive does not count.

    Args:
        rows: shape (N, D).
        columns: shape (N, D).
        labels: shape (N,).
        reduction: which.
    """
    if rows.shape[0] == 1:
        # Nobody to compare with: the softmax would be one over nothing.
        return reduce((rows * 0).sum(1), reduction)
    positives = others_of_the_label(labels)
    counts = (positives > 0).to(rows.dtype)
    return _contrast(
        rows, columns, _Labels(labels, positives), True, counts, counts.sum(), reduction
    )


def others_of_the_label(labels: Tensor) -> Tensor:
    """How many others have the label of each sample, shape (N,)."""
    ordered = labels.sort().values
    end = torch.searchsorted(ordered, labels, right=True)
    return end - torch.searchsorted(ordered, labels) - 1


class _Positives(Protocol):
    """Which columns belong to which rows."""

    def losses(self, logits: Tensor) -> Tensor:
        """The loss of each row, of all logits (R, C)."""
        ...

    def mean(self, log_p: Tensor, span: slice) -> Tensor:
        """The mean over the positives of each row in the span."""
        ...

    def subtract_from(self, p: Tensor, span: slice) -> Tensor:
        """Subtracts in place 1 from each row in the span, spread over its positives."""
        ...


class _Targets:
    def __init__(self, target: Tensor) -> None:
        self.target = target

    def losses(self, logits: Tensor) -> Tensor:
        return functional.cross_entropy(logits, self.target, reduction="none")

    def mean(self, log_p: Tensor, span: slice) -> Tensor:
        return log_p.gather(1, self.target[span, None]).squeeze(1)

    def subtract_from(self, p: Tensor, span: slice) -> Tensor:
        target = self.target[span, None]
        return p.scatter_add_(1, target, p.new_full(target.shape, -1))


class _Labels:
    def __init__(self, labels: Tensor, positives: Tensor) -> None:
        self.labels, self.positives = labels, positives

    def losses(self, logits: Tensor) -> Tensor:
        return -self.mean(logits.log_softmax(1), slice(None))

    def mean(self, log_p: Tensor, span: slice) -> Tensor:
        total = log_p.masked_fill(~self._is_positive(span), 0).sum(1)
        return total / self.positives[span].clamp_min(1)

    def subtract_from(self, p: Tensor, span: slice) -> Tensor:
        spread = self.positives[span].clamp_min(1).to(p.dtype).reciprocal()
        return p.addcmul_(self._is_positive(span).to(p.dtype), spread[:, None], value=-1)

    def _is_positive(self, span: slice) -> Tensor:
        mask = self.labels[span, None] == self.labels
        mask.diagonal(span.start or 0).fill_(False)
        return mask


def _matched(
    rows: Tensor, columns: Tensor, target: Tensor, excludes_self: bool, reduction: Reduction
) -> Tensor:
    count = torch.full((), rows.shape[0], device=rows.device)
    weight = rows.new_ones(rows.shape[0])
    return _contrast(rows, columns, _Targets(target), excludes_self, weight, count, reduction)


def _contrast(
    rows: Tensor,
    columns: Tensor,
    positives: _Positives,
    excludes_self: bool,
    weight: Tensor,
    count: Tensor,
    reduction: Reduction,
) -> Tensor:
    is_large = rows.shape[0] * columns.shape[0] >= _LARGE
    if reduction == "none" or not is_large or not can_fuse(rows):
        losses = positives.losses(_logits(rows, columns, excludes_self))
        return reduce(losses.masked_fill(weight == 0, 0), reduction, count)
    share = weight if reduction == "sum" else weight / count.clamp_min(1)
    total: Tensor = _InPieces.apply(  # type: ignore[no-untyped-call]
        rows, columns, positives, excludes_self, share
    )
    return total


def _logits(rows: Tensor, columns: Tensor, excludes_self: bool, start: int = 0) -> Tensor:
    with without_autocast(rows):
        logits = rows @ columns.T
    if excludes_self:
        logits.diagonal(start).fill_(-torch.inf)
    return logits


class _InPieces(torch.autograd.Function):
    """The weighted sum of the rows' losses, with its gradient made on the way.

    A piece is some rows of the logits, small enough for the cache: made, turned into its softmax,
    multiplied with both sides, forgotten.
    """

    @staticmethod
    def forward(
        ctx: Any,
        rows: Tensor,
        columns: Tensor,
        positives: _Positives,
        excludes_self: bool,
        share: Tensor,
    ) -> Tensor:
        wants_gradient = any(ctx.needs_input_grad)
        total = rows.new_zeros(())
        row_gradient, column_gradient = torch.zeros_like(rows), torch.zeros_like(columns)
        for span in spans(rows.shape[0], piece_size(rows) // columns.shape[0]):
            log_p = _logits(rows[span], columns, excludes_self, span.start).log_softmax(1)
            total -= (positives.mean(log_p, span) * share[span]).sum()
            if wants_gradient:
                difference = positives.subtract_from(log_p.exp_(), span)
                # The shares on the vectors, which are fewer numbers than the logits.
                weight = share[span, None]
                with without_autocast(rows):
                    torch.mul(difference @ columns, weight, out=row_gradient[span])
                    column_gradient.addmm_(difference.T, rows[span] * weight)
        ctx.save_for_backward(rows, columns, share, row_gradient, column_gradient)
        ctx.positives, ctx.excludes_self = positives, excludes_self
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        rows, columns, share, row_gradient, column_gradient = ctx.saved_tensors
        (gradient,) = gradients
        if torch.is_grad_enabled():
            # Somebody wants the gradient's gradient, which only torch's own operations know.
            losses = ctx.positives.losses(_logits(rows, columns, ctx.excludes_self))
            total = (losses.masked_fill(share == 0, 0) * share).sum()
            wanted = [side for side in (rows, columns) if side.requires_grad]
            made = iter(torch.autograd.grad(total, wanted, gradient, create_graph=True))
            both = (next(made) if side.requires_grad else None for side in (rows, columns))
            return (*both, None, None, None)
        return row_gradient * gradient, column_gradient * gradient, None, None, None


class _Pairs:
    """The sum of the losses of pairs, by blocks of the logits.

    The logits are symmetric, so that half of the blocks are enough. As they are small, no softmax
    has to look for the largest: a power of e is that of its row and of its column. What each is
    divided by is known after one round, what the gradient is after a second.
    """

    def __init__(self, target: Tensor) -> None:
        self.target = target
        self.others = ()

    def composed(self, vectors: Tensor) -> Outputs:
        logits = _logits(vectors, vectors, True)
        return (functional.cross_entropy(logits, self.target, reduction="sum"),)

    def fused(self, vectors: Tensor, wants_gradient: bool) -> tuple[Outputs, Gradient | None]:
        with without_autocast(vectors):
            half = vectors.shape[0] // 2
            sums, of_pairs = vectors.new_zeros(2, half), vectors.new_empty(half)
            of_all = sums.view(-1)
            for rows, columns, powers in _blocks(vectors):
                of_all[rows] += powers.sum(1)
                if rows != columns:
                    of_all[columns] += powers.sum(0)
                if columns.start == rows.start + half:
                    of_pairs[rows] = powers.diagonal()
            loss = (sums / of_pairs).log_().sum()
            if not wants_gradient:
                return (loss,), None

            share = of_all.reciprocal_()
            made = vectors.roll(half, 0).mul_(-2)
            for rows, columns, powers in _blocks(vectors):
                # Of the row's softmax and of the column's.
                powers.mul_(share[rows, None] + share[columns])
                made[rows].addmm_(powers, vectors[columns])
                if rows != columns:
                    made[columns].addmm_(powers.T, vectors[rows])
        return (loss,), made.mul_


def _blocks(vectors: Tensor) -> Iterator[tuple[slice, slice, Tensor]]:
    """Rows, columns and powers of the logits of the blocks on the diagonal and above it."""
    half = vectors.shape[0] // 2
    first = list(spans(half, isqrt(piece_size(vectors))))
    sides = [*first, *(slice(half + side.start, half + side.stop) for side in first)]
    for number, rows in enumerate(sides):
        for columns in sides[number:]:
            powers = (vectors[rows] @ vectors[columns].T).exp_()
            if rows == columns:
                powers.diagonal().fill_(0)
            yield rows, columns, powers
