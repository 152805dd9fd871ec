"""The sizes of regions under a softmax, in torch's operations and by hand."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from losslint.losses._contract import (
    can_read,
    promote,
    promoted_dtype,
    without_autocast,
)
from losslint.losses.functional._exponentials import LEAST_PROBABILITY, are_tame
from losslint.losses.functional._fused import Gradient, Outputs, by_rows, piece_size, spans

_LEAST_EXPONENT = {torch.float32: -87.0, torch.float64: -708.0}
"""The exponentials of smaller numbers are not normal ones."""


class SoftmaxRegions:
    """Overlap and predicted size of regions, and the loss of positions where that is wanted.

    By hand, pieces that fit into the cache go through all steps one after the other. What is kept
    is one softmax, which becomes the gradient.
    """

    def __init__(
        self, squared: bool, wants_nll: bool, index: Tensor, ignored: Tensor | None
    ) -> None:
        self.squared, self.wants_nll = squared, wants_nll
        self.others = index, ignored

    def composed(self, logits: Tensor) -> Outputs:
        index, ignored = self.others
        probability = promote(logits).softmax(1)
        if ignored is not None:
            probability = probability.masked_fill(ignored.unsqueeze(1), 0)
        picked = probability.gather(1, index.unsqueeze(1)).squeeze(1)
        overlap = probability.new_zeros(logits.shape[:2]).scatter_add(1, index, picked)
        predicted = (probability.square() if self.squared else probability).sum(2)
        if not self.wants_nll:
            return overlap, predicted
        nll = cross_entropy(promote(logits), index, reduction="none")
        return overlap, predicted, nll if ignored is None else nll.masked_fill(ignored, 0)

    def fused(self, logits: Tensor, wants_gradient: bool) -> tuple[Outputs, Gradient | None]:
        if not wants_gradient:
            return self.composed(logits), None
        index, ignored = self.others
        softmax = torch.empty(logits.shape, dtype=promoted_dtype(logits), device=logits.device)
        # Of one number a position each, shape (N, 1, S).
        target = index.unsqueeze(1)
        picked = softmax.new_empty(target.shape)
        masks = () if ignored is None else (ignored.unsqueeze(1),)
        predicted = softmax.new_zeros(softmax.shape[:2])
        # Added up one after the other they would lose digits, but not every device has float64.
        exact = torch.float32 if logits.device.type == "mps" else torch.float64
        overlap = torch.zeros_like(predicted, dtype=exact).unsqueeze(1)
        is_tame = logits.is_cpu
        kept = []
        for rows, pieces in _pieces(logits, softmax, target, picked, *masks):
            of_overlap, of_predicted, done = overlap[rows], predicted[rows], []
            for logit, p, at, own, *mask in pieces:
                # 0 where it is ignored: with that the gradient is 0 there, too.
                is_tame = _write_softmax(promote(logit), p, is_tame, *mask)
                torch.gather(p, -2, at, out=own)
                of_overlap.scatter_add_(-1, at, own.to(exact))
                of_predicted += (p.square() if self.squared else p).sum(-1)
                done.append((p, at, own))
            kept.append((rows, done))
        nll = (_nll(logits, index, ignored, picked.squeeze(1)),) if self.wants_nll else ()

        def gradient(
            of_overlap: Tensor | None, of_predicted: Tensor | None, of_nll: Tensor | None = None
        ) -> Tensor:
            if of_overlap is None:
                of_overlap = torch.zeros_like(predicted)
            if of_predicted is None:
                of_predicted = torch.zeros_like(predicted)
            if of_nll is not None:
                of_nll = of_nll if ignored is None else of_nll.masked_fill(ignored, 0)
                of_nll = of_nll.unsqueeze(1)
            of_overlap, of_predicted = of_overlap.unsqueeze(1), of_predicted.unsqueeze(2)
            with without_autocast(logits):
                # The last ones have been written last, and are the nearest.
                for rows, done in reversed(kept):
                    hits = picked[rows].mul_(of_overlap[rows].gather(-1, target[rows]))
                    if of_nll is not None:
                        hits -= of_nll[rows]
                    self._turn_into_gradient(done, hits, of_predicted[rows])
            return softmax.to(logits.dtype)

        return (overlap.squeeze(1).to(softmax.dtype), predicted, *nll), gradient

    def _turn_into_gradient(
        self, pieces: Sequence[tuple[Tensor, Tensor, Tensor]], hits: Tensor, slope: Tensor
    ) -> None:
        """Through a softmax, in place: p (slope - sum of p slope - hit), and hit for the target.

        Args:
            pieces: p, of shape (N, C, S), or (C, S) of one sample; the class of each position, of
                shape (N, 1, S); and hit, the gradient by the logit of that class before the softmax
                is normalised.
            hits: those of all pieces.
            slope: the gradient by the size of each class, shape (N, C, 1).
        """
        if not hits.is_cpu or hits.dim() == 3:
            for p, at, hit in pieces:
                each = 2 * slope * p if self.squared else slope
                p.mul_(each - (each * p).sum(-2, keepdim=True).add_(hit)).scatter_add_(-2, at, hit)
            return
        # 2 p (half - inner / 2) in one step, where half is half the slope of p. And the product of
        # a vector is in full precision, which not all products of matrices are.
        half = slope if self.squared else slope / 2
        half_hits = torch.split(hits[0] / 2, pieces[0][0].shape[-1])
        for (p, at, hit), half_hit in zip(reversed(pieces), reversed(half_hits), strict=True):
            size = p.square() if self.squared else p
            inner = torch.addmv(half_hit, size.mT, half[:, 0])
            each = torch.mul(p, half, out=size) if self.squared else half
            # This is all it computes, and nothing else in torch does as much at once.
            torch.ops.aten.mse_loss_backward.grad_input(p, each, inner, 0, grad_input=p)
            p.scatter_add_(-2, at, hit)


def _write_softmax(
    logit: Tensor, out: Tensor, is_tame: bool, ignored: Tensor | None = None
) -> bool:
    """The softmax over the classes.

    Args:
        logit: shape (N, C, S), or (C, S) of one sample, at least float32.
        out: takes the softmax.
        is_tame: whether to try without the maximum, on a CPU.
        ignored: where to write 0, shape (N, 1, S).

    Returns:
        Whether that went well.
    """
    if is_tame:
        sums = torch.exp(logit, out=out).sum(-2, keepdim=True)
        if are_tame(sums):
            factor = sums.reciprocal_()
            out.mul_(factor if ignored is None else factor.masked_fill_(ignored, 0))
            return True
    if logit.is_cpu:
        # A subnormal number costs a CPU as much as a hundred others, and is as good as 0.
        least = _LEAST_EXPONENT[logit.dtype]
        torch.sub(logit, logit.amax(-2, keepdim=True), out=out).clamp_(min=least).exp_()
        torch.threshold_(out, math.exp(least + 0.1), 0)
        out.mul_(out.sum(-2, keepdim=True).reciprocal_())
    else:
        torch.softmax(logit, -2, out=out)
    if ignored is not None:
        out.masked_fill_(ignored, 0)
    return False


def _nll(logits: Tensor, index: Tensor, ignored: Tensor | None, picked: Tensor) -> Tensor:
    """The negative logarithm of the probability of the target, of shape (N, S) as that is."""
    # The rounded probability has the digits that torch's log_softmax has, while it has any.
    nll = picked.clone() if ignored is None else picked.masked_fill(ignored, 1)
    is_near = can_read(nll) and nll.min().item() > LEAST_PROBABILITY
    nll.log_().neg_()
    if not is_near:
        for logit, at, probability, out in by_rows(logits, index, picked, nll):
            far = cross_entropy(promote(logit), at, reduction="none")
            torch.where(probability > LEAST_PROBABILITY, out, far, out=out)
    return nll if ignored is None else nll.masked_fill_(ignored, 0)


def _pieces(*tensors: Tensor) -> Iterator[tuple[int | slice, Iterator[tuple[Any, ...]]]]:
    """Tensors (N, *, S) in pieces: which samples, and those, or parts (*, S) of one sample."""
    samples, classes, positions = tensors[0].shape
    parts = -(-classes * positions // piece_size(tensors[0]))
    if parts <= 1:
        count = piece_size(tensors[0]) // max(classes * positions, 1)
        for rows in spans(samples, count):
            yield rows, iter([tuple(tensor[rows] for tensor in tensors)])
        return
    size = -(-positions // parts)
    if size > 64:
        # Rows that begin with a cache line.
        size += -size % 64
    for row in range(samples):
        yield row, zip(*(torch.split(tensor[row], size, -1) for tensor in tensors), strict=True)
