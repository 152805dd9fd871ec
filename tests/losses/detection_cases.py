"""Losses of boxes, written from their formulas: a loop over boxes."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch

from losslint.losses import CIoULoss, DIoULoss, GIoULoss, IoULoss
from tests.losses.cases import Array, Case, Tensors, rand

Box = Any


def boxes() -> Tensors:
    """Boxes that overlap, hold each other, and are far apart."""
    low, size = rand(3, 5, 2), rand(3, 5, 2, seed=1) + 0.5
    predicted = torch.cat([low, low + size], 2)
    actual = predicted + rand(3, 5, 4, seed=2) * 0.8 - 0.4
    actual[0, 0] = predicted[0, 0] + torch.tensor([3.0, 2.0, 3.5, 2.1])
    actual[0, 1] = predicted[0, 1] + torch.tensor([-0.1, -0.2, 0.3, 0.4])
    return predicted, actual


def area(box: Box) -> float:
    return float(max(box[2] - box[0], 0) * max(box[3] - box[1], 0))


def iou(a: Box, b: Box) -> float:
    both = area([max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])])
    return both / (area(a) + area(b) - both)


def around(a: Box, b: Box) -> Box:
    return [min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])]


def giou(a: Box, b: Box) -> float:
    whole = area(around(a, b))
    both = iou(a, b) * (area(a) + area(b)) / (1 + iou(a, b))
    return 1 - iou(a, b) + (whole - (area(a) + area(b) - both)) / whole


def diou(a: Box, b: Box) -> float:
    whole = around(a, b)
    apart = (a[0] + a[2] - b[0] - b[2]) ** 2 / 4 + (a[1] + a[3] - b[1] - b[3]) ** 2 / 4
    diagonal = (whole[2] - whole[0]) ** 2 + (whole[3] - whole[1]) ** 2
    return float(1 - iou(a, b) + apart / diagonal)


def ciou(a: Box, b: Box) -> float:
    angle = [math.atan((box[2] - box[0]) / (box[3] - box[1])) for box in (a, b)]
    v = 4 / math.pi**2 * (angle[1] - angle[0]) ** 2
    return diou(a, b) + v * v / (1 - iou(a, b) + v)


def each(predicted: Array, actual: Array, *, loss: Callable[[Box, Box], float]) -> Array:
    return np.asarray(
        [
            [loss(a, b) for a, b in zip(row, other, strict=True)]
            for row, other in zip(predicted, actual, strict=True)
        ]
    )


def case(name: str, build: Any, loss: Any, **more: Any) -> Case:
    reference = partial(each, loss=loss)
    return Case(name, build, boxes, reference, has_positions=False, **more)


CASES = [
    case("iou", IoULoss, lambda a, b: 1 - iou(a, b)),
    case("giou", GIoULoss, giou),
    case("diou", DIoULoss, diou),
    case("ciou", CIoULoss, ciou, has_constant=True),
]
