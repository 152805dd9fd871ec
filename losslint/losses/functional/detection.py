"""Losses of boxes by how far they overlap."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from losslint.losses._contract import (
    Reduction,
    can_read,
    check_floating,
    check_real,
    check_reduction,
    check_same_device,
    check_same_shape,
    fail,
    promote,
    quotient,
    reduce,
)


class _Pair(NamedTuple):
    """Predicted and actual boxes in at least float32, and what all losses need of them."""

    predicted: Tensor
    actual: Tensor
    iou: Tensor
    union: Tensor


def iou_loss(input: Tensor, target: Tensor, *, reduction: Reduction = "mean") -> Tensor:
    r"""One minus the intersection over the union of two boxes.

    .. math:: \ell = 1 - \frac{|A \cap B|}{|A \cup B|}

    Boxes that do not touch have loss 1 and no gradient; the others of this group still have one.

    Args:
        input: predicted boxes, shape (*, 4), x1 y1 x2 y2 in any one unit. A box with x2 < x1 or
            y2 < y1 counts as empty, as a model may predict such at first.
        target: actual boxes, the same shape, with x1 <= x2 and y1 <= y2.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``. Of no boxes at all the mean is 0.

    Returns:
        In [0, 1]; a number, or for ``"none"`` shape (*); float32 for half precision.

    Raises:
        TypeError, ValueError: for an argument of the wrong type, shape, device or range.

    Reference: Yu et al., UnitBox, 2016, without the logarithm.

    >>> iou_loss(torch.tensor([[0.0, 0, 2, 2]]), torch.tensor([[1.0, 0, 3, 2]]))
    tensor(0.6667)
    """
    return reduce(1 - _pair(input, target, reduction).iou, reduction)


def giou_loss(input: Tensor, target: Tensor, *, reduction: Reduction = "mean") -> Tensor:
    r"""The IoU loss plus how much of the box around both is in neither.

    .. math:: \ell = 1 - IoU + \frac{|C| - |A \cup B|}{|C|}

    with C the smallest box around both. Arguments and errors are those of :func:`iou_loss`.

    Returns:
        In [0, 2]; a number, or for ``"none"`` shape (*); float32 for half precision.

    Reference: Rezatofighi et al., Generalized Intersection over Union, 2019.
    """
    pair = _pair(input, target, reduction)
    around = _area(_around(pair))
    return reduce(1 - pair.iou + quotient(around - pair.union, around), reduction)


def diou_loss(input: Tensor, target: Tensor, *, reduction: Reduction = "mean") -> Tensor:
    r"""The IoU loss plus how far the centres are apart.

    .. math:: \ell = 1 - IoU + \frac{\rho^2}{c^2}

    with the distance of the centres over the diagonal of the smallest box around both. Arguments
    and errors are those of :func:`iou_loss`.

    Returns:
        In [0, 2]; a number, or for ``"none"`` shape (*); float32 for half precision.

    Reference: Zheng et al., Distance-IoU Loss, 2020.
    """
    pair = _pair(input, target, reduction)
    return reduce(1 - pair.iou + _distance(pair), reduction)


def ciou_loss(input: Tensor, target: Tensor, *, reduction: Reduction = "mean") -> Tensor:
    r"""The DIoU loss plus how far the aspect ratios are apart.

    .. math:: \ell = 1 - IoU + \frac{\rho^2}{c^2} + \alpha v, \quad
        v = \frac{4}{\pi^2} \left(\arctan \frac{w_B}{h_B} - \arctan \frac{w_A}{h_A}\right)^2, \quad
        \alpha = \frac{v}{1 - IoU + v}

    No gradient flows through alpha, as in the paper. Arguments and errors are those of
    :func:`iou_loss`.

    Returns:
        At least 0; a number, or for ``"none"`` shape (*); float32 for half precision.

    Reference: Zheng et al., Distance-IoU Loss, 2020.
    """
    pair = _pair(input, target, reduction)
    aspect = 4 / math.pi**2 * (_angle(pair.actual) - _angle(pair.predicted)).square()
    with torch.no_grad():
        alpha = quotient(aspect, 1 - pair.iou + aspect)
    return reduce(1 - pair.iou + _distance(pair) + alpha * aspect, reduction)


def _pair(input: Tensor, target: Tensor, reduction: Reduction) -> _Pair:
    check_floating("input", input)
    check_real("target", target)
    check_same_shape("target", target, "input", input)
    check_same_device("target", target, "input", input)
    check_reduction(reduction)
    if not input.dim() or input.shape[-1] != 4:
        fail("input", "of shape (*, 4), x1 y1 x2 y2", f"of shape {tuple(input.shape)}")
    if can_read(target) and not bool((target[..., :2] <= target[..., 2:]).all()):
        wrong = target[~(target[..., :2] <= target[..., 2:]).all(-1)]
        fail(
            "target",
            "boxes x1 y1 x2 y2 with x1 <= x2 and y1 <= y2 (of x y width height make x + width)",
            f"in {len(wrong)} not, such as {wrong[0].tolist()}",
        )
    predicted = promote(input)
    actual = target.to(predicted.dtype)
    low = torch.maximum(predicted[..., :2], actual[..., :2])
    high = torch.minimum(predicted[..., 2:], actual[..., 2:])
    overlap = (high - low).clamp_min(0).prod(-1)
    union = _area(predicted) + _area(actual) - overlap
    return _Pair(predicted, actual, quotient(overlap, union), union)


def _around(pair: _Pair) -> Tensor:
    low = torch.minimum(pair.predicted[..., :2], pair.actual[..., :2])
    return torch.cat([low, torch.maximum(pair.predicted[..., 2:], pair.actual[..., 2:])], -1)


def _area(boxes: Tensor) -> Tensor:
    return (boxes[..., 2:] - boxes[..., :2]).clamp_min(0).prod(-1)


def _distance(pair: _Pair) -> Tensor:
    around = _around(pair)
    diagonal = (around[..., 2:] - around[..., :2]).square().sum(-1)
    difference = pair.predicted - pair.actual
    apart = (difference[..., :2] + difference[..., 2:]) / 2
    return quotient(apart.square().sum(-1), diagonal)


def _angle(boxes: Tensor) -> Tensor:
    width, height = (boxes[..., 2:] - boxes[..., :2]).clamp_min(0).unbind(-1)
    # The angle of an empty box has no gradient, and must not have a NaN.
    is_empty = (width == 0) & (height == 0)
    return torch.atan2(width.masked_fill(is_empty, 1), height.masked_fill(is_empty, 1))
