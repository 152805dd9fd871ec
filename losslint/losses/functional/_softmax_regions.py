"""The sizes of regions under a softmax, in torch's operations and by hand."""

from __future__ import annotations

import math
from collections.abc import Iterator
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
        masks = () if ignored is None else (ignored,)
        softmax = torch.empty(logits.shape, dtype=promoted_dtype(logits), device=logits.device)
        picked = softmax.new_empty(index.shape)
        predicted = softmax.new_zeros(softmax.shape[:2])
        # Added up one after the other they would lose digits, but not every device has float64.
        exact = torch.float32 if logits.device.type == "mps" else torch.float64
        overlap = torch.zeros_like(predicted, dtype=exact)
        is_tame = True
        for rows, logit, p, at, own, *mask in _pieces(logits, softmax, index, picked, *masks):
            is_tame = _write_softmax(promote(logit), p, is_tame)
            for each in mask:
                # With that the gradient is 0 there, too.
                p.masked_fill_(each.unsqueeze(1), 0)
            torch.gather(p, 1, at.unsqueeze(1), out=own.unsqueeze(1))
            overlap[rows].scatter_add_(1, at, own.to(exact))
            predicted[rows].add_((p.square() if self.squared else p).sum(2))
        nll = (_nll(logits, index, ignored, picked),) if self.wants_nll else ()

        def gradient(
            of_overlap: Tensor | None, of_predicted: Tensor | None, of_nll: Tensor | None = None
        ) -> Tensor:
            if of_overlap is None:
                of_overlap = torch.zeros_like(predicted)
            if of_predicted is None:
                of_predicted = torch.zeros_like(predicted)
            if of_nll is not None and ignored is not None:
                of_nll = of_nll.masked_fill(ignored, 0)
            of_nlls = () if of_nll is None else (of_nll,)
            pieces = list(_pieces(softmax, index, picked, *of_nlls))
            with without_autocast(logits):
                # The last ones have been written last, and are the nearest.
                for rows, p, at, own, *less in reversed(pieces):
                    hit = of_overlap[rows].gather(1, at).mul_(own)
                    for each in less:
                        hit -= each
                    self._turn_into_gradient(p, at, hit, of_predicted[rows])
            return softmax.to(logits.dtype)

        return (overlap.to(softmax.dtype), predicted, *nll), gradient

    def _turn_into_gradient(self, p: Tensor, at: Tensor, hit: Tensor, of_predicted: Tensor) -> None:
        """Through a softmax, in place: p (slope - sum of p slope - hit), and hit for the target.

        Args:
            p: shape (N, C, S).
            at: the class of each position, shape (N, S).
            hit: the gradient by the logit of that class, before the softmax is normalised.
            of_predicted: the gradient by the size of each class, shape (N, C).
        """
        slope = of_predicted.unsqueeze(2)
        if p.is_cpu and len(p) == 1 and not self.squared:
            # 2 p (slope / 2 - inner / 2) in one step, which torch has as a gradient only. And the
            # product of a vector is in full precision, which not all products of matrices are.
            inner = hit.add(torch.mv(p[0].mT, of_predicted[0])).div_(2)
            torch.ops.aten.mse_loss_backward(p, slope / 2, inner, 0, grad_input=p)
        else:
            if self.squared:
                slope = 2 * slope * p
            p.mul_(slope - (slope * p).sum(1, keepdim=True).add_(hit.unsqueeze(1)))
        p.scatter_add_(1, at.unsqueeze(1), hit.unsqueeze(1))


def _write_softmax(logit: Tensor, out: Tensor, is_tame: bool) -> bool:
    """The softmax over the classes.

    Args:
        logit: shape (N, C, S), at least float32.
        out: takes the softmax.
        is_tame: whether to try without the maximum.

    Returns:
        Whether that went well.
    """
    if not can_read(logit):
        torch.softmax(logit, 1, out=out)
        return False
    if is_tame:
        sums = torch.exp(logit, out=out).sum(1, keepdim=True)
        is_tame = are_tame(sums)
    if not is_tame:
        # A subnormal number costs a CPU as much as a hundred others, and is as good as 0.
        least = _LEAST_EXPONENT[logit.dtype]
        torch.sub(logit, logit.amax(1, keepdim=True), out=out).clamp_(min=least).exp_()
        torch.threshold_(out, math.exp(least + 0.1), 0)
        sums = out.sum(1, keepdim=True)
    out.mul_(sums.reciprocal_())
    return is_tame


def _nll(logits: Tensor, index: Tensor, ignored: Tensor | None, picked: Tensor) -> Tensor:
    """The negative logarithm of the probability of the target, of shape (N, S) as that is."""
    # The rounded probability has the digits that torch's log_softmax has, while it has any.
    nll = picked.log().neg_()
    if not can_read(picked) or not picked.min().item() > LEAST_PROBABILITY:
        for logit, at, probability, out in by_rows(logits, index, picked, nll):
            far = cross_entropy(promote(logit), at, reduction="none")
            torch.where(probability > LEAST_PROBABILITY, out, far, out=out)
    return nll if ignored is None else nll.masked_fill_(ignored, 0)


def _pieces(*tensors: Tensor) -> Iterator[tuple[Any, ...]]:
    """Tensors (N, *, S), some samples at a time, or some positions of one; first, which samples."""
    samples, classes, positions = tensors[0].shape
    # Rows that begin with a cache line.
    size = max(piece_size(tensors[0]) // classes // 64 * 64, 1)
    count = max(size // positions, 1)
    wholes = zip(*(torch.split(tensor, count) for tensor in tensors), strict=True)
    for rows, parts in zip(spans(samples, count), wholes, strict=True):
        for piece in zip(*(torch.split(part, size, -1) for part in parts), strict=True):
            yield rows, *piece
