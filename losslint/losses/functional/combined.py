"""Cross entropy plus Dice: one for the gradient of every pixel, one for the overlap."""

from __future__ import annotations

from typing import Literal

from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from losslint.losses._contract import (
    Reduction,
    check_choice,
    check_class_weights,
    check_floating,
    check_number,
    check_reduction,
    check_same_device,
    check_shape,
    check_values,
    promote,
    quotient,
)
from losslint.losses.functional._regions import Pixels, check_pixels, regions_and_nll
from losslint.losses.functional.segmentation import (
    Average,
    dice_loss,
    dice_of_regions,
    mean_over_classes,
)


def bce_dice_loss(
    input: Tensor,
    target: Tensor,
    *,
    mode: Literal["binary", "multilabel"] = "binary",
    bce_weight: float = 1.0,
    dice_weight: float = 1.0,
    pos_weight: Tensor | None = None,
    smooth: float = 1.0,
    average: Average = "all",
    ignore_index: int = -100,
    mask: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """Binary cross entropy over pixels plus :func:`dice_loss`.

    Args:
        input: logits; ``"binary"``: any shape (N, *); ``"multilabel"``: (N, C, *).
        target: 0 or 1, or a probability between them; the same shape.
        mode: whether dimension 1 holds labels or is one of the pixels'.
        bce_weight: of the cross entropy, at least 0. 1 and 1 as in nnU-Net.
        dice_weight: of the Dice loss, at least 0.
        pos_weight: what positives count in the cross entropy; shape (C,), (1,) for binary.
        smooth: as for :func:`dice_loss`.
        average: as for :func:`dice_loss`.
        ignore_index: the target of pixels that do not count.
        mask: torch.bool, the same shape; False where a pixel does not count.
        reduction: the cross entropy is a mean over all pixels of the batch that count. ``"none"``
            gives the share of each sample in it, times N, plus its Dice loss.

    Returns:
        At least 0; a number, or for ``"none"`` shape (N,); float32 for half precision.

    Raises:
        TypeError, ValueError: for an argument of the wrong type, shape, device or range.

    Reference: Isensee et al., nnU-Net, 2021.
    """
    check_choice("mode", mode, ("binary", "multilabel"))
    pixels = check_pixels(input, target, mode, ignore_index, mask)
    if pos_weight is not None:
        check_floating("pos_weight", pos_weight)
        check_shape("pos_weight", pos_weight, (pixels.logits.shape[1],), "one weight a label")
        check_same_device("pos_weight", pos_weight, "input", input)
        check_values("pos_weight", pos_weight, at_least=0)
        pos_weight = pos_weight.unsqueeze(1)
    logits = promote(pixels.logits)
    losses = binary_cross_entropy_with_logits(
        logits, pixels.target.to(logits.dtype), pos_weight=pos_weight, reduction="none"
    )
    if pixels.ignored is None:
        number = losses.new_tensor(losses.numel())
    else:
        losses = losses.masked_fill(pixels.ignored, 0)
        number = (~pixels.ignored).sum()
    entropy = _of_samples(losses, number, reduction)
    dice = dice_loss(
        input,
        target,
        mode=mode,
        smooth=smooth,
        average=average,
        ignore_index=ignore_index,
        mask=mask,
        reduction=reduction,
    )
    return _weighted("bce_weight", bce_weight, entropy, dice_weight, dice)


def cross_entropy_dice_loss(
    input: Tensor,
    target: Tensor,
    *,
    ce_weight: float = 1.0,
    dice_weight: float = 1.0,
    weight: Tensor | None = None,
    smooth: float = 1.0,
    average: Average = "all",
    ignore_index: int = -100,
    mask: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """Cross entropy over pixels plus :func:`dice_loss`, both over one softmax.

    Args:
        input: logits, shape (N, C, *).
        target: class indices, shape (N, *).
        ce_weight: of the cross entropy, at least 0. 1 and 1 as in nnU-Net.
        dice_weight: of the Dice loss, at least 0.
        weight: one weight a class in the cross entropy, shape (C,); its mean divides by the
            weights of the targets. Dice weighs classes equally already.
        smooth: as for :func:`dice_loss`.
        average: as for :func:`dice_loss`.
        ignore_index: the target of pixels that do not count.
        mask: torch.bool, the shape of the target; False where a pixel does not count.
        reduction: the cross entropy is a mean over all pixels of the batch that count. ``"none"``
            gives the share of each sample in it, times N, plus its Dice loss.

    Returns:
        At least 0; a number, or for ``"none"`` shape (N,); float32 for half precision.

    Raises:
        TypeError, ValueError: for an argument of the wrong type, shape, device or range.

    Reference: Isensee et al., nnU-Net, 2021.
    """
    check_number("smooth", smooth, at_least=0)
    check_choice("average", average, ("all", "present"))
    check_reduction(reduction)
    pixels = check_pixels(input, target, "multiclass", ignore_index, mask)
    check_class_weights("weight", weight, input.shape[1], input)
    sizes, losses = regions_and_nll(pixels)
    weights = _pixel_weights(pixels, weight, losses)
    entropy = _of_samples(losses * weights, weights.sum(), reduction)
    dice = mean_over_classes(dice_of_regions(sizes, smooth), sizes, None, average, reduction)
    return _weighted("ce_weight", ce_weight, entropy, dice_weight, dice)


def _pixel_weights(pixels: Pixels, weight: Tensor | None, like: Tensor) -> Tensor:
    weights = like.new_ones(like.shape) if weight is None else weight.to(like.dtype)[pixels.target]
    return weights if pixels.ignored is None else weights.masked_fill(pixels.ignored, 0)


def _of_samples(losses: Tensor, number: Tensor, reduction: Reduction) -> Tensor:
    """The mean of pixels' losses over the batch, split into what each sample adds if asked for."""
    check_reduction(reduction)
    mean = quotient(losses.flatten(1).sum(1), number)
    if reduction == "none":
        return mean * len(losses)
    return mean.sum() * (len(losses) if reduction == "sum" else 1)


def _weighted(
    name: str, entropy_weight: float, entropy: Tensor, dice_weight: float, dice: Tensor
) -> Tensor:
    check_number(name, entropy_weight, at_least=0)
    check_number("dice_weight", dice_weight, at_least=0)
    return entropy_weight * entropy + dice_weight * dice
