"""How far predicted and actual regions overlap: what all losses over regions are made of."""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch
from torch import Tensor

from losslint.losses._contract import (
    can_read,
    check_choice,
    check_class_indices,
    check_dimensions,
    check_floating,
    check_integer,
    check_integers,
    check_mask,
    check_real,
    check_same_device,
    check_same_shape,
    check_shape,
    check_values,
    promote,
)
from losslint.losses.functional._fused import calculate
from losslint.losses.functional._softmax_regions import SoftmaxRegions

Mode = Literal["binary", "multiclass", "multilabel"]


_LARGE_IMAGE = 2**19
"""From this number of logits on (measured: ``make bench-losses``)."""


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
    check_integer("ignore_index", ignore_index)
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
    sizes, _ = _softmax_regions(pixels, squared, wants_nll=False)
    return sizes


def regions_and_nll(pixels: Pixels) -> tuple[Regions, Tensor]:
    """The soft sizes of regions, and the negative log-probability of each position's class.

    Of one softmax over the classes; the second of shape (N, S), 0 where it is ignored.
    """
    sizes, (nll,) = _softmax_regions(pixels, squared=False, wants_nll=True)
    return sizes, nll


def _softmax_regions(
    pixels: Pixels, squared: bool, wants_nll: bool
) -> tuple[Regions, tuple[Tensor, ...]]:
    logits, index, ignored = pixels
    # A float32 stays 2 ** 24 when 1 is added.
    counted = index.new_ones((), dtype=torch.int32).expand_as(index)
    if ignored is not None:
        counted = counted.masked_fill(ignored, 0)
    actual = counted.new_zeros(logits.shape[:2]).scatter_add(1, index, counted)
    calculation = SoftmaxRegions(squared, wants_nll, index, ignored)
    overlap, predicted, *nll = calculate(calculation, logits, worth_from=_LARGE_IMAGE)
    return Regions(overlap, predicted, actual.to(overlap.dtype)), tuple(nll)


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
