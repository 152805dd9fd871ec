"""The Lovasz losses: the Jaccard index itself, continued to soft predictions."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from losslint.losses._contract import (
    Reduction,
    can_read,
    check_choice,
    check_reduction,
    fail,
    promote,
    reduce,
)
from losslint.losses.functional._regions import check_pixels
from losslint.losses.functional.segmentation import Average

_EXACT_IN_FLOAT32 = 2**24


def lovasz_hinge_loss(
    input: Tensor,
    target: Tensor,
    *,
    mode: Literal["binary", "multilabel"] = "binary",
    average: Average = "all",
    ignore_index: int = -100,
    mask: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    r"""The Lovasz extension of the Jaccard loss, over hinge errors of binary pixels.

    .. math:: \ell = \sum_i \max(e_i, 0)\, \left(\Delta_J(\{1..i\}) - \Delta_J(\{1..i - 1\})\right),
        \quad e = 1 - x (2 y - 1)

    with errors in falling order, and :math:`\Delta_J` the Jaccard loss if just those pixels are
    wrong. For each sample (and label), then the mean. Best after some training with cross entropy.

    Args:
        input: logits; ``"binary"``: any shape (N, *); ``"multilabel"``: (N, C, *).
        target: 0 or 1, the same shape.
        mode: whether dimension 1 holds labels or is one of the pixels'.
        average: over which labels the mean goes: ``"all"``, or those ``"present"`` in the target
            of the sample; samples with none are left out of the mean over samples.
        ignore_index: the target of pixels that do not count.
        mask: torch.bool, the same shape; False where a pixel does not count.
        reduction: of the samples' losses: ``"mean"``, ``"sum"`` or ``"none"``.

    Returns:
        At least 0, linear in large errors; a number, or for ``"none"`` shape (N,); float32 for half
        precision.

    Raises:
        TypeError, ValueError: for an argument of the wrong type, shape, device or range.

    Reference: Berman et al., The Lovasz-Softmax Loss, 2018.
    """
    check_choice("mode", mode, ("binary", "multilabel"))
    pixels = check_pixels(input, target, mode, ignore_index, mask)
    labels = pixels.target > 0.5
    if can_read(labels) and not (pixels.target == labels).all():
        fail("target", "0 or 1 everywhere (of probabilities take `target > 0.5`)", "between them")
    logits = promote(pixels.logits)
    errors = (1 - torch.where(labels, logits, -logits)).clamp_min(0)
    return _mean_over_classes(errors, labels, pixels.ignored, average, reduction)


def lovasz_softmax_loss(
    input: Tensor,
    target: Tensor,
    *,
    average: Average = "present",
    ignore_index: int = -100,
    mask: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    r"""The Lovasz extension of the Jaccard loss of each class, over softmax probabilities.

    As :func:`lovasz_hinge_loss`, with the errors 1 - p where a pixel is of the class, and p where
    it is not.

    Args:
        input: logits, shape (N, C, *).
        target: class indices, shape (N, *).
        average: over which classes the mean goes: those ``"present"`` in the target of the
            sample, as in the paper, or ``"all"``.
        ignore_index: the target of pixels that do not count.
        mask: torch.bool, the shape of the target; False where a pixel does not count.
        reduction: of the samples' losses: ``"mean"``, ``"sum"`` or ``"none"``.

    Returns:
        In [0, 1]; a number, or for ``"none"`` shape (N,); float32 for half precision.

    Raises:
        TypeError, ValueError: for an argument of the wrong type, shape, device or range.

    Reference: Berman et al., The Lovasz-Softmax Loss, 2018.
    """
    pixels = check_pixels(input, target, "multiclass", ignore_index, mask)
    probability = promote(pixels.logits).softmax(1)
    classes = torch.arange(input.shape[1], device=input.device).view(1, -1, 1)
    actual = pixels.target.unsqueeze(1) == classes
    # Not by torch.where, which branches at each pixel.
    errors = (probability - actual.to(probability.dtype)).abs()
    ignored = None if pixels.ignored is None else pixels.ignored.unsqueeze(1)
    return _mean_over_classes(errors, actual, ignored, average, reduction)


def _mean_over_classes(
    errors: Tensor, actual: Tensor, ignored: Tensor | None, average: Average, reduction: Reduction
) -> Tensor:
    """The losses of errors of at least 0 and truth, both (N, C, S), as a number."""
    check_choice("average", average, ("all", "present"))
    check_reduction(reduction)
    if ignored is not None:
        # An error of 0 comes last, and adds nothing.
        errors, actual = errors.masked_fill(ignored, 0), actual & ~ignored
    keys = errors.detach()
    if can_read(keys):
        # The bits of numbers of at least 0 are in the same order, and a CPU sorts integers faster:
        # among floats each comparison has to mind NaN. Before torch 2.13 vmap cannot do this.
        keys = keys.view(torch.int64 if keys.dtype == torch.float64 else torch.int32)
    order = keys.argsort(dim=2, descending=True)
    falling = errors.gather(2, order)
    counted = None if ignored is None else ~ignored.expand_as(errors).gather(2, order)
    losses = (falling * _steps(actual.gather(2, order), counted, errors.dtype)).sum(2)
    if average == "all":
        return reduce(losses.mean(1), reduction)
    present = actual.any(2)
    number = present.sum(1)
    samples = losses.masked_fill(~present, 0).sum(1) / number.clamp_min(1)
    return reduce(samples, reduction, (number > 0).sum())


def _steps(actual: Tensor, counted: Tensor | None, dtype: torch.dtype) -> Tensor:
    """How much the Jaccard loss grows with each pixel, of truth in the order of the errors."""
    if actual.shape[2] > _EXACT_IN_FLOAT32:
        dtype = torch.float64
    true = actual.to(dtype).cumsum(2)
    if counted is None:
        false = torch.arange(1, actual.shape[2] + 1, dtype=dtype, device=actual.device) - true
    else:
        false = (counted & ~actual).to(dtype).cumsum(2)
    size = true[..., -1:]
    # The union of an absent class is empty until its first pixel that counts.
    jaccard = 1 - (size - true) / (size + false).clamp_min(1)
    steps = jaccard.clone()
    steps[..., 1:] -= jaccard[..., :-1]
    return steps
