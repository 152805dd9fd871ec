"""How far predicted and actual regions overlap: what all losses over regions are made of."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor

from losslint.losses._contract import (
    can_read,
    check_choice,
    check_class_indices,
    check_dimensions,
    check_floating,
    check_integers,
    check_mask,
    check_real,
    check_same_device,
    check_same_shape,
    check_shape,
    check_values,
    promote,
    promoted_dtype,
)
from losslint.losses.functional._chunks import is_large, piece_size, spans

Mode = Literal["binary", "multiclass", "multilabel"]


class Pixels(NamedTuple):
    """Checked logits and targets, with positions flattened.

    Attributes:
        logits: shape (N, C, S); one class for binary ones.
        target: class indices of shape (N, S), 0 where ignored; or labels of the logits' shape.
        ignored: True where a position does not count, in the target's shape; None if all do.
    """

    logits: Tensor
    target: Tensor
    ignored: Tensor | None


class Regions(NamedTuple):
    """Soft sizes a sample and class, each of shape (N, C), at least float32."""

    overlap: Tensor
    predicted: Tensor
    actual: Tensor


def check_pixels(
    input: Tensor, target: Tensor, mode: Mode, ignore_index: int, mask: Tensor | None
) -> Pixels:
    """Checks the logits and targets of a loss over regions, and brings them into one form."""
    check_floating("input", input)
    check_choice("mode", mode, ("binary", "multiclass", "multilabel"))
    check_real("target", target)
    check_same_device("target", target, "input", input)
    if mode == "binary":
        check_dimensions("input", input, "(N, *)", at_least=2)
    else:
        check_dimensions("input", input, "(N, C, *)", at_least=3)
    if mode == "multiclass":
        check_integers("target", target)
        wanted = (input.shape[0], *input.shape[2:])
        check_shape("target", target, wanted, "that of `input` without its class dimension, 1")
    else:
        check_same_shape("target", target, "input", input)
    if mask is not None:
        check_mask("mask", mask, "target", target)
        target = target.masked_fill(~mask, 0)
        input = input.masked_fill(~(mask.unsqueeze(1) if mode == "multiclass" else mask), 0)
    logits = input.flatten(1).unsqueeze(1) if mode == "binary" else input.flatten(2)
    if mode == "multiclass":
        may_ignore = check_class_indices("target", target, input.shape[1], ignore_index)
        flat = target.flatten(1).long()
    else:
        may_ignore = _check_labels(target, ignore_index)
        flat = target.reshape(logits.shape)
    ignored = None if mask is None else ~mask.reshape(flat.shape)
    if may_ignore:
        unknown = flat == ignore_index
        ignored = unknown if ignored is None else ignored | unknown
        flat = flat.masked_fill(unknown, 0)
    return Pixels(logits, flat, ignored)


def regions(pixels: Pixels, mode: Mode, squared: bool) -> Regions:
    """The soft sizes of regions under a softmax or sigmoid.

    Args:
        pixels: what :func:`check_pixels` returned.
        mode: the mode it was given.
        squared: whether sizes are sums of squares, as in V-Net.
    """
    if mode != "multiclass":
        return _label_regions(pixels, squared)
    logits, index, ignored = pixels
    counted = torch.ones_like(index, dtype=promoted_dtype(logits))
    if ignored is not None:
        counted = counted.masked_fill(ignored, 0)
    actual = counted.new_zeros(logits.shape[:2]).scatter_add(1, index, counted)
    # Each sample is walked over on its own: many small ones would be many steps.
    if logits.numel() and is_large(logits[0]) and logits.is_contiguous():
        overlap, predicted = _ClassRegions.apply(logits, index, ignored, squared)  # type: ignore[no-untyped-call]
    else:
        overlap, predicted = _class_regions(logits, index, ignored, squared)
    return Regions(overlap, predicted, actual)


def _class_regions(
    logits: Tensor, index: Tensor, ignored: Tensor | None, squared: bool
) -> tuple[Tensor, Tensor]:
    probability = promote(logits).softmax(1)
    if ignored is not None:
        probability = probability.masked_fill(ignored.unsqueeze(1), 0)
    picked = probability.gather(1, index.unsqueeze(1)).squeeze(1)
    overlap = probability.new_zeros(logits.shape[:2]).scatter_add(1, index, picked)
    return overlap, (probability.square() if squared else probability).sum(2)


def _label_regions(pixels: Pixels, squared: bool) -> Regions:
    probability = promote(pixels.logits).sigmoid()
    label = pixels.target.to(probability.dtype)
    if pixels.ignored is not None:
        probability = probability.masked_fill(pixels.ignored, 0)
    overlap = (probability * label).sum(2)
    if squared:
        return Regions(overlap, probability.square().sum(2), label.square().sum(2))
    return Regions(overlap, probability.sum(2), label.sum(2))


def _check_labels(target: Tensor, ignore_index: int) -> bool:
    """Checks labels of 0 to 1; returns whether some may have to be ignored."""
    if target.dtype == torch.bool:
        return False
    if not can_read(target) or not target.numel():
        return True
    low, high = (float(value.item()) for value in target.aminmax())
    may_ignore = low <= ignore_index <= high
    if may_ignore:
        target = target.masked_fill(target == ignore_index, 0)
    check_values("target", target, at_least=0, at_most=1, hint=f"or {ignore_index=}")
    return may_ignore


class _ClassRegions(torch.autograd.Function):
    """Keeps one softmax, and walks over it a cache at a time."""

    @staticmethod
    def forward(
        ctx: Any, logits: Tensor, index: Tensor, ignored: Tensor | None, squared: bool
    ) -> tuple[Tensor, Tensor]:
        probability = promote(logits).softmax(1)
        picked = probability.gather(1, index.unsqueeze(1)).squeeze(1)
        counted = probability
        if ignored is not None:
            picked = picked.masked_fill(ignored, 0)
            counted = probability.masked_fill(ignored.unsqueeze(1), 0)
        predicted = (counted.square() if squared else counted).sum(2)
        # In float64: added up one after the other they would lose digits.
        overlap = picked.new_zeros(predicted.shape, dtype=torch.float64)
        for sums, target, values in zip(overlap, index, picked, strict=True):
            sums.index_add_(0, target, values.double())
        ctx.save_for_backward(logits, index, ignored, probability, picked)
        ctx.squared = squared
        return overlap.to(predicted.dtype), predicted

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None, None]:
        logits, index, ignored, probability, picked = ctx.saved_tensors
        grad_overlap, grad_predicted = grads
        if torch.is_grad_enabled():
            sizes = _class_regions(logits, index, ignored, ctx.squared)
            (grad,) = torch.autograd.grad(sizes, logits, grads, create_graph=True)
            return grad, None, None, None
        hit = grad_overlap.gather(1, index).mul_(picked)
        result = torch.empty_like(probability)
        samples, classes, positions = logits.shape
        for sample in range(samples):
            for part in spans(positions, piece_size(logits) // classes):
                p, piece = probability[sample, :, part], result[sample, :, part]
                if ctx.squared:
                    slope = 2 * grad_predicted[sample].unsqueeze(1) * p
                    inner = (slope * p).sum(0)
                else:
                    slope = grad_predicted[sample].unsqueeze(1)
                    inner = grad_predicted[sample] @ p
                torch.sub(slope, inner + hit[sample, part], out=piece).mul_(p)
                piece.scatter_add_(0, index[sample, part].unsqueeze(0), hit[sample, part][None])
                if ignored is not None:
                    piece.masked_fill_(ignored[sample, part], 0)
        return result.to(logits.dtype), None, None, None
