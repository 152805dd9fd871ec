"""Losses over regions as modules."""

from __future__ import annotations

from typing import Literal

from torch import Tensor

from losslint.losses._contract import Reduction
from losslint.losses._module import Loss
from losslint.losses.functional._regions import Mode
from losslint.losses.functional.combined import bce_dice_loss, cross_entropy_dice_loss
from losslint.losses.functional.lovasz import lovasz_hinge_loss, lovasz_softmax_loss
from losslint.losses.functional.segmentation import (
    Average,
    dice_loss,
    focal_tversky_loss,
    generalized_dice_loss,
    jaccard_loss,
    tversky_loss,
)


class DiceLoss(Loss):
    """:func:`losslint.losses.functional.dice_loss` with its options.

    Shapes: input (N, *) or (N, C, *), target and mask as ``mode`` asks. ``weight`` is a buffer.
    """

    weight: Tensor | None

    def __init__(
        self,
        mode: Mode,
        *,
        smooth: float = 1.0,
        squared: bool = False,
        weight: Tensor | None = None,
        average: Average = "all",
        ignore_index: int = -100,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        self.mode = mode
        self.smooth = smooth
        self.squared = squared
        self.register_buffer("weight", weight)
        self.average = average
        self.ignore_index = ignore_index
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
        """The loss of logits and targets."""
        return dice_loss(
            input,
            target,
            mode=self.mode,
            smooth=self.smooth,
            squared=self.squared,
            weight=self.weight,
            average=self.average,
            ignore_index=self.ignore_index,
            mask=mask,
            reduction=self.reduction,
        )


class JaccardLoss(Loss):
    """:func:`losslint.losses.functional.jaccard_loss` with its options.

    Shapes: input (N, *) or (N, C, *), target and mask as ``mode`` asks. ``weight`` is a buffer.
    """

    weight: Tensor | None

    def __init__(
        self,
        mode: Mode,
        *,
        smooth: float = 1.0,
        squared: bool = False,
        weight: Tensor | None = None,
        average: Average = "all",
        ignore_index: int = -100,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        self.mode = mode
        self.smooth = smooth
        self.squared = squared
        self.register_buffer("weight", weight)
        self.average = average
        self.ignore_index = ignore_index
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
        """The loss of logits and targets."""
        return jaccard_loss(
            input,
            target,
            mode=self.mode,
            smooth=self.smooth,
            squared=self.squared,
            weight=self.weight,
            average=self.average,
            ignore_index=self.ignore_index,
            mask=mask,
            reduction=self.reduction,
        )


class TverskyLoss(Loss):
    """:func:`losslint.losses.functional.tversky_loss` with its options.

    Shapes: input (N, *) or (N, C, *), target and mask as ``mode`` asks. ``weight`` is a buffer.
    """

    weight: Tensor | None

    def __init__(
        self,
        mode: Mode,
        *,
        alpha: float = 0.3,
        beta: float = 0.7,
        smooth: float = 1.0,
        weight: Tensor | None = None,
        average: Average = "all",
        ignore_index: int = -100,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        self.mode = mode
        self.alpha = alpha
        self.beta = beta
        self.smooth = smooth
        self.register_buffer("weight", weight)
        self.average = average
        self.ignore_index = ignore_index
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
        """The loss of logits and targets."""
        return tversky_loss(
            input,
            target,
            mode=self.mode,
            alpha=self.alpha,
            beta=self.beta,
            smooth=self.smooth,
            weight=self.weight,
            average=self.average,
            ignore_index=self.ignore_index,
            mask=mask,
            reduction=self.reduction,
        )


class FocalTverskyLoss(Loss):
    """:func:`losslint.losses.functional.focal_tversky_loss` with its options.

    Shapes: input (N, *) or (N, C, *), target and mask as ``mode`` asks. ``weight`` is a buffer.
    """

    weight: Tensor | None

    def __init__(
        self,
        mode: Mode,
        *,
        alpha: float = 0.3,
        beta: float = 0.7,
        gamma: float = 4 / 3,
        smooth: float = 1.0,
        weight: Tensor | None = None,
        average: Average = "all",
        ignore_index: int = -100,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        self.mode = mode
        self.alpha = alpha
        self.beta = beta
        self.gamma = gamma
        self.smooth = smooth
        self.register_buffer("weight", weight)
        self.average = average
        self.ignore_index = ignore_index
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
        """The loss of logits and targets."""
        return focal_tversky_loss(
            input,
            target,
            mode=self.mode,
            alpha=self.alpha,
            beta=self.beta,
            gamma=self.gamma,
            smooth=self.smooth,
            weight=self.weight,
            average=self.average,
            ignore_index=self.ignore_index,
            mask=mask,
            reduction=self.reduction,
        )


class GeneralizedDiceLoss(Loss):
    """:func:`losslint.losses.functional.generalized_dice_loss` with its options.

    Shapes: input (N, *) or (N, C, *), target and mask as ``mode`` asks.
    """

    def __init__(
        self,
        mode: Mode,
        *,
        smooth: float = 1.0,
        ignore_index: int = -100,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        self.mode = mode
        self.smooth = smooth
        self.ignore_index = ignore_index
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
        """The loss of logits and targets."""
        return generalized_dice_loss(
            input,
            target,
            mode=self.mode,
            smooth=self.smooth,
            ignore_index=self.ignore_index,
            mask=mask,
            reduction=self.reduction,
        )


class LovaszHingeLoss(Loss):
    """:func:`losslint.losses.functional.lovasz_hinge_loss` with its options.

    Shapes: input, target and mask (N, *) or (N, C, *).
    """

    def __init__(
        self,
        mode: Literal["binary", "multilabel"] = "binary",
        *,
        average: Average = "all",
        ignore_index: int = -100,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        self.mode = mode
        self.average = average
        self.ignore_index = ignore_index
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
        """The loss of logits and targets."""
        return lovasz_hinge_loss(
            input,
            target,
            mode=self.mode,
            average=self.average,
            ignore_index=self.ignore_index,
            mask=mask,
            reduction=self.reduction,
        )


class LovaszSoftmaxLoss(Loss):
    """:func:`losslint.losses.functional.lovasz_softmax_loss` with its options.

    Shapes: input (N, C, *), target and mask (N, *).
    """

    def __init__(
        self,
        *,
        average: Average = "present",
        ignore_index: int = -100,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        self.average = average
        self.ignore_index = ignore_index
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
        """The loss of logits and targets."""
        return lovasz_softmax_loss(
            input,
            target,
            average=self.average,
            ignore_index=self.ignore_index,
            mask=mask,
            reduction=self.reduction,
        )


class BCEDiceLoss(Loss):
    """:func:`losslint.losses.functional.bce_dice_loss` with its options.

    Shapes: input, target and mask (N, *) or (N, C, *). ``pos_weight`` is a buffer.
    """

    pos_weight: Tensor | None

    def __init__(
        self,
        mode: Literal["binary", "multilabel"] = "binary",
        *,
        bce_weight: float = 1.0,
        dice_weight: float = 1.0,
        pos_weight: Tensor | None = None,
        smooth: float = 1.0,
        average: Average = "all",
        ignore_index: int = -100,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        self.mode = mode
        self.bce_weight = bce_weight
        self.dice_weight = dice_weight
        self.register_buffer("pos_weight", pos_weight)
        self.smooth = smooth
        self.average = average
        self.ignore_index = ignore_index
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
        """The loss of logits and targets."""
        return bce_dice_loss(
            input,
            target,
            mode=self.mode,
            bce_weight=self.bce_weight,
            dice_weight=self.dice_weight,
            pos_weight=self.pos_weight,
            smooth=self.smooth,
            average=self.average,
            ignore_index=self.ignore_index,
            mask=mask,
            reduction=self.reduction,
        )


class CrossEntropyDiceLoss(Loss):
    """:func:`losslint.losses.functional.cross_entropy_dice_loss` with its options.

    Shapes: input (N, C, *), target and mask (N, *). ``weight`` is a buffer.
    """

    weight: Tensor | None

    def __init__(
        self,
        *,
        ce_weight: float = 1.0,
        dice_weight: float = 1.0,
        weight: Tensor | None = None,
        smooth: float = 1.0,
        average: Average = "all",
        ignore_index: int = -100,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        self.ce_weight = ce_weight
        self.dice_weight = dice_weight
        self.register_buffer("weight", weight)
        self.smooth = smooth
        self.average = average
        self.ignore_index = ignore_index
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
        """The loss of logits and targets."""
        return cross_entropy_dice_loss(
            input,
            target,
            ce_weight=self.ce_weight,
            dice_weight=self.dice_weight,
            weight=self.weight,
            smooth=self.smooth,
            average=self.average,
            ignore_index=self.ignore_index,
            mask=mask,
            reduction=self.reduction,
        )
