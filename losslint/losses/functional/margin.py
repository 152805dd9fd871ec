"""Softmax over class centres with a margin, for embeddings that are to be compared by angle."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from losslint.losses._contract import (
    Reduction,
    check_class_indices,
    check_floating,
    check_integer,
    check_integers,
    check_number,
    check_reduction,
    check_same_device,
    check_shape,
    describe,
    fail,
    promote,
    reduce,
    without_autocast,
)
from losslint.losses.functional._similarity import unit


def cosface_loss(
    input: Tensor,
    centres: Tensor,
    target: Tensor,
    *,
    scale: float = 64.0,
    margin: float = 0.35,
    ignore_index: int = -100,
    reduction: Reduction = "mean",
) -> Tensor:
    r"""Cross entropy of cosines, with a margin subtracted from that of the right class.

    .. math:: \ell = -\log \mathrm{softmax}(s (\cos \theta_j - m [j = y]))_y

    with :math:`\theta_j` the angle between the embedding and the centre of class :math:`j`.

    Args:
        input: embeddings, shape (N, D).
        centres: one learned vector a class, shape (C, D); its length does not matter.
        target: class indices, shape (N,).
        scale: :math:`s`, above 0; 64 in the paper.
        margin: :math:`m`, at least 0; 0.35 in the paper.
        ignore_index: the target of samples that do not count.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Returns:
        At least 0; a number, or for ``"none"`` shape (N,); float32 for half precision.

    Raises:
        TypeError, ValueError: for an argument of the wrong type, shape, device or range.

    Reference: Wang et al., CosFace: Large Margin Cosine Loss for Deep Face Recognition, 2018.

    >>> cosface_loss(torch.eye(2), torch.eye(2), torch.tensor([0, 1]), scale=1.0, margin=1.0)
    tensor(0.6931)
    """
    _check_margin(input, centres, target, scale, ignore_index, reduction)
    check_number("margin", margin, at_least=0)
    logits, index = _cosines(input, centres, target, scale, ignore_index)
    logits = logits.scatter_add(1, index, logits.new_full(index.shape, -scale * margin))
    return _cross_entropy(logits, target, ignore_index, reduction)


def arcface_loss(
    input: Tensor,
    centres: Tensor,
    target: Tensor,
    *,
    scale: float = 64.0,
    margin: float = 0.5,
    ignore_index: int = -100,
    reduction: Reduction = "mean",
) -> Tensor:
    r"""Cross entropy of cosines, with a margin added to the angle to the right class.

    .. math:: \ell = -\log \mathrm{softmax}(s \cos(\theta_j + m [j = y]))_y

    with :math:`\theta_j` the angle between the embedding and the centre of class :math:`j`. Where
    :math:`\theta_y + m` would be above :math:`\pi` and the cosine rise again, it is
    :math:`\cos \theta_y - m \sin m` instead, as in the authors' code.

    Args:
        input: embeddings, shape (N, D).
        centres: one learned vector a class, shape (C, D); its length does not matter.
        target: class indices, shape (N,).
        scale: :math:`s`, above 0; 64 in the paper.
        margin: :math:`m` in radians, from 0 to below :math:`\pi`; 0.5 in the paper.
        ignore_index: the target of samples that do not count.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Returns:
        At least 0; a number, or for ``"none"`` shape (N,); float32 for half precision.

    Raises:
        TypeError, ValueError: for an argument of the wrong type, shape, device or range.

    Reference: Deng et al., ArcFace: Additive Angular Margin Loss for Deep Face Recognition, 2019.

    >>> right_angle = torch.pi / 2
    >>> arcface_loss(torch.eye(2), torch.eye(2), torch.tensor([0, 1]), scale=1, margin=right_angle)
    tensor(0.6931)
    """
    _check_margin(input, centres, target, scale, ignore_index, reduction)
    check_number("margin", margin, at_least=0, below=math.pi)
    logits, index = _cosines(input, centres, target, scale, ignore_index)
    cosine = logits.gather(1, index) / scale
    squared_sine = (1 - cosine) * (1 + cosine)
    # Rounding can take a cosine beyond 1. At 1 the root has no derivative.
    right_on = squared_sine <= 0
    sine = squared_sine.masked_fill(right_on, 1).sqrt().masked_fill(right_on, 0)
    shifted = cosine * math.cos(margin) - sine * math.sin(margin)
    beyond = cosine - margin * math.sin(margin)
    moved = torch.where(cosine > -math.cos(margin), shifted, beyond)
    logits = logits.scatter_add(1, index, scale * (moved - cosine))
    return _cross_entropy(logits, target, ignore_index, reduction)


def _cosines(
    input: Tensor, centres: Tensor, target: Tensor, scale: float, ignore_index: int
) -> tuple[Tensor, Tensor]:
    """The scaled cosines (N, C), and where those of the right class are, (N, 1)."""
    dtype = torch.promote_types(promote(input).dtype, promote(centres).dtype)
    with without_autocast(input):
        cosines = (unit(input.to(dtype)) * scale) @ unit(centres.to(dtype)).T
    index = target.long().masked_fill(target == ignore_index, 0)
    return cosines, index[:, None]


def _cross_entropy(
    logits: Tensor, target: Tensor, ignore_index: int, reduction: Reduction
) -> Tensor:
    losses = functional.cross_entropy(
        logits, target.long(), ignore_index=ignore_index, reduction="none"
    )
    return reduce(losses, reduction, (target != ignore_index).sum())


def _check_margin(
    input: Tensor,
    centres: Tensor,
    target: Tensor,
    scale: float,
    ignore_index: int,
    reduction: Reduction,
) -> None:
    check_floating("input", input)
    if input.dim() != 2:
        fail("input", "of shape (N, D)", describe(input))
    check_floating("centres", centres)
    if centres.dim() != 2 or centres.shape[0] == 0 or centres.shape[1] != input.shape[1]:
        fail("centres", f"of shape (C, {input.shape[1]})", describe(centres))
    check_same_device("centres", centres, "input", input)
    check_integers("target", target)
    check_integer("ignore_index", ignore_index)
    check_shape("target", target, (input.shape[0],), "one class an embedding")
    check_same_device("target", target, "input", input)
    check_class_indices("target", target, centres.shape[0], ignore_index)
    check_number("scale", scale, above=0)
    check_reduction(reduction)
