"""Losses over the overlap of predicted and actual regions: Dice, Jaccard and their kin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from losslint.losses._contract import (
    Reduction,
    check_choice,
    check_floating,
    check_number,
    check_reduction,
    check_same_device,
    check_shape,
    check_values,
    quotient,
    reduce,
)
from losslint.losses.functional._regions import Mode, Regions, check_pixels, regions

Average = Literal["all", "present"]


def dice_loss(
    input: Tensor,
    target: Tensor,
    *,
    mode: Mode,
    smooth: float = 1.0,
    squared: bool = False,
    weight: Tensor | None = None,
    average: Average = "all",
    ignore_index: int = -100,
    mask: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    r"""One minus the soft Dice coefficient, the F1 score of pixels.

    .. math:: \ell = 1 - \frac{2 \sum p y + s}{\sum p + \sum y + s}

    over the pixels of each sample and class, then the mean over classes, then over samples. Where
    small regions matter: a class counts the same however few pixels it has.

    Args:
        input: logits. ``"binary"``: any shape (N, *). ``"multiclass"``: (N, C, *), a softmax over
            C. ``"multilabel"``: (N, C, *), a sigmoid each. In two or three dimensions, or one.
        target: for ``"multiclass"`` class indices of shape (N, *); else 0 or 1, or a probability
            between them, of the shape of the input.
        mode: what the classes are to each other.
        smooth: s, in pixels, at least 0. What makes the loss of an empty region fall as less is
            predicted; without it that loss is 1 however little is predicted.
        squared: whether the sums below are of squares, as in V-Net.
        weight: one weight a class, shape (C,); the mean over classes is weighted.
        average: over which classes the mean goes: ``"all"``, or those ``"present"`` in the target
            of the sample; samples with none are left out of the mean over samples.
        ignore_index: the target of pixels that do not count.
        mask: torch.bool, the shape of the target; False where a pixel does not count.
        reduction: of the samples' losses: ``"mean"``, ``"sum"`` or ``"none"``.

    Returns:
        In [0, 1]; a number, or for ``"none"`` shape (N,); float32 for half precision, in which the
        sums would overflow.

    Raises:
        TypeError, ValueError: for an argument of the wrong type, shape, device or range.

    Reference: Milletari et al., V-Net, 2016 (with squares).

    >>> masks = torch.tensor([[1, 1, 0, 0]])
    >>> dice_loss((2 * masks - 1) * 100.0, masks, mode="binary")
    tensor(0.)
    """

    def dice(sizes: Regions) -> Tensor:
        return dice_of_regions(sizes, smooth)

    return _region_loss(
        dice, input, target, mode, smooth, squared, weight, average, ignore_index, mask, reduction
    )


def jaccard_loss(
    input: Tensor,
    target: Tensor,
    *,
    mode: Mode,
    smooth: float = 1.0,
    squared: bool = False,
    weight: Tensor | None = None,
    average: Average = "all",
    ignore_index: int = -100,
    mask: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    r"""One minus the soft Jaccard index, the intersection over the union.

    .. math:: \ell = 1 - \frac{\sum p y + s}{\sum p + \sum y - \sum p y + s}

    Shapes, options and errors are those of :func:`dice_loss`. It ranks predictions as Dice does,
    and is steeper for those that are nearly right.

    Returns:
        In [0, 1]; a number, or for ``"none"`` shape (N,); float32 for half precision.

    Reference: Rahman and Wang, Optimizing Intersection-Over-Union in Deep Neural Networks for Image
    Segmentation, 2016.
    """

    def jaccard(sizes: Regions) -> Tensor:
        union = sizes.predicted + sizes.actual - sizes.overlap
        return quotient(union - sizes.overlap, union + smooth)

    return _region_loss(
        jaccard,
        input,
        target,
        mode,
        smooth,
        squared,
        weight,
        average,
        ignore_index,
        mask,
        reduction,
    )


def tversky_loss(
    input: Tensor,
    target: Tensor,
    *,
    mode: Mode,
    alpha: float = 0.3,
    beta: float = 0.7,
    smooth: float = 1.0,
    weight: Tensor | None = None,
    average: Average = "all",
    ignore_index: int = -100,
    mask: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    r"""One minus the soft Tversky index: Dice that weighs what is too much and what is missing.

    .. math:: \ell = 1 - \frac{\sum p y + s}{\sum p y + \alpha FP + \beta FN + s}, \quad
        FP = \sum p (1 - y), \quad FN = \sum (1 - p) y

    With 0.5 and 0.5 it is Dice of twice the smoothing, with 1 and 1 Jaccard. Other shapes, options
    and errors are those of :func:`dice_loss`.

    Args:
        input: as for :func:`dice_loss`.
        target: as for :func:`dice_loss`.
        mode: as for :func:`dice_loss`.
        alpha: the weight of false positives, at least 0; 0.3 in the paper.
        beta: the weight of false negatives, at least 0; 0.7 in the paper. Some libraries have
            the two swapped.
        smooth: s, in pixels, at least 0.
        weight: as for :func:`dice_loss`.
        average: as for :func:`dice_loss`.
        ignore_index: as for :func:`dice_loss`.
        mask: as for :func:`dice_loss`.
        reduction: as for :func:`dice_loss`.

    Returns:
        In [0, 1]; a number, or for ``"none"`` shape (N,); float32 for half precision.

    Reference: Salehi et al., Tversky Loss Function for Image Segmentation Using 3D Fully
    Convolutional Deep Networks, 2017.
    """
    check_number("alpha", alpha, at_least=0)
    check_number("beta", beta, at_least=0)

    def tversky(sizes: Regions) -> Tensor:
        return _tversky(sizes, alpha, beta, smooth)

    return _region_loss(
        tversky, input, target, mode, smooth, False, weight, average, ignore_index, mask, reduction
    )


def focal_tversky_loss(
    input: Tensor,
    target: Tensor,
    *,
    mode: Mode,
    alpha: float = 0.3,
    beta: float = 0.7,
    gamma: float = 4 / 3,
    smooth: float = 1.0,
    weight: Tensor | None = None,
    average: Average = "all",
    ignore_index: int = -100,
    mask: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    r"""The Tversky loss of each class to the power 1 / gamma, for small regions.

    .. math:: \ell = (1 - TI)^{1 / \gamma}

    Above gamma 1 the gradient grows as a class gets right; a perfect one has gradient 0. Other
    arguments and errors are those of :func:`tversky_loss`.

    Args:
        input: as for :func:`dice_loss`.
        target: as for :func:`dice_loss`.
        mode: as for :func:`dice_loss`.
        alpha: the weight of false positives, at least 0.
        beta: the weight of false negatives, at least 0. (The paper's text calls this one alpha.)
        gamma: above 0; 4/3 in the paper, which allows 1 to 3. 1 gives the Tversky loss.
        smooth: s, in pixels, at least 0.
        weight: as for :func:`dice_loss`.
        average: as for :func:`dice_loss`.
        ignore_index: as for :func:`dice_loss`.
        mask: as for :func:`dice_loss`.
        reduction: as for :func:`dice_loss`.

    Returns:
        In [0, 1]; a number, or for ``"none"`` shape (N,); float32 for half precision.

    Reference: Abraham and Khan, A Novel Focal Tversky Loss Function with Improved Attention U-Net
    for Lesion Segmentation, 2019.
    """
    check_number("alpha", alpha, at_least=0)
    check_number("beta", beta, at_least=0)
    check_number("gamma", gamma, above=0)

    def focal(sizes: Regions) -> Tensor:
        loss = _tversky(sizes, alpha, beta, smooth)
        if gamma == 1:
            return loss
        # A root has an infinite derivative at 0, and of what rounding put below it a NaN.
        power = loss.clamp_min(torch.finfo(loss.dtype).tiny) ** (1 / gamma)
        return power.masked_fill(loss <= 0, 0)

    return _region_loss(
        focal, input, target, mode, smooth, False, weight, average, ignore_index, mask, reduction
    )


def generalized_dice_loss(
    input: Tensor,
    target: Tensor,
    *,
    mode: Mode,
    smooth: float = 1.0,
    ignore_index: int = -100,
    mask: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    r"""Dice over all classes at once, each weighed by the inverse square of its size.

    .. math:: \ell = 1 - \frac{2 \sum_c w_c \sum p y + s}{\sum_c w_c (\sum p + \sum y) + s}, \quad
        w_c \propto \left(\textstyle\sum y\right)^{-2}

    for each sample, with weights that sum to 1. A class that is absent has the largest weight of
    those present, as in the authors' code. Arguments and errors are those of :func:`dice_loss`.

    Returns:
        In [0, 1]; a number, or for ``"none"`` shape (N,); float32 for half precision.

    Reference: Sudre et al., Generalised Dice Overlap as a Deep Learning Loss Function for Highly
    Unbalanced Segmentations, 2017.
    """
    check_number("smooth", smooth, at_least=0)
    check_reduction(reduction)
    pixels = check_pixels(input, target, mode, ignore_index, mask)
    sizes = regions(pixels, mode, squared=False)
    weights = quotient(sizes.actual > 0, sizes.actual.square())
    largest = weights.amax(1, keepdim=True)
    weights = torch.where(sizes.actual > 0, weights, torch.where(largest > 0, largest, 1))
    weights = weights / weights.sum(1, keepdim=True)
    total = (weights * (sizes.predicted + sizes.actual)).sum(1)
    overlap = (weights * sizes.overlap).sum(1)
    return reduce(quotient(total - 2 * overlap, total + smooth), reduction)


def dice_of_regions(sizes: Regions, smooth: float) -> Tensor:
    """The Dice loss of each sample and class, shape (N, C)."""
    total = sizes.predicted + sizes.actual
    return quotient(total - 2 * sizes.overlap, total + smooth)


def _tversky(sizes: Regions, alpha: float, beta: float, smooth: float) -> Tensor:
    wrong = alpha * (sizes.predicted - sizes.overlap) + beta * (sizes.actual - sizes.overlap)
    return quotient(wrong, sizes.overlap + wrong + smooth)


def _region_loss(
    of_class: Callable[[Regions], Tensor],
    input: Tensor,
    target: Tensor,
    mode: Mode,
    smooth: float,
    squared: bool,
    weight: Tensor | None,
    average: Average,
    ignore_index: int,
    mask: Tensor | None,
    reduction: Reduction,
) -> Tensor:
    """The losses of samples and classes, brought down to a number."""
    check_number("smooth", smooth, at_least=0)
    check_choice("average", average, ("all", "present"))
    check_reduction(reduction)
    pixels = check_pixels(input, target, mode, ignore_index, mask)
    if weight is not None:
        check_floating("weight", weight)
        check_shape("weight", weight, (pixels.logits.shape[1],), "one weight a class")
        check_same_device("weight", weight, "input", input)
        check_values("weight", weight, at_least=0)
    sizes = regions(pixels, mode, squared)
    return mean_over_classes(of_class(sizes), sizes, weight, average, reduction)


def mean_over_classes(
    losses: Tensor, sizes: Regions, weight: Tensor | None, average: Average, reduction: Reduction
) -> Tensor:
    """The losses (N, C) of regions as one a sample, or as a number."""
    if weight is None and average == "all":
        return reduce(losses.mean(1), reduction)
    weights = torch.ones_like(losses)
    if weight is not None:
        weights = weights * weight.to(losses.dtype)
    if average == "present":
        weights = weights * (sizes.actual > 0)
    total = weights.sum(1)
    samples = quotient((losses * weights).sum(1), total)
    return reduce(samples, reduction, (total > 0).sum())
