"""Losses of boxes as modules."""

from __future__ import annotations

from torch import Tensor

from losslint.losses._contract import Reduction
from losslint.losses._module import Loss
from losslint.losses.functional.detection import ciou_loss, diou_loss, giou_loss, iou_loss


class IoULoss(Loss):
    """:func:`losslint.losses.functional.iou_loss`. Shapes: input and target (*, 4)."""

    def __init__(self, *, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of predicted and actual boxes."""
        return iou_loss(input, target, reduction=self.reduction)


class GIoULoss(Loss):
    """:func:`losslint.losses.functional.giou_loss`. Shapes: input and target (*, 4)."""

    def __init__(self, *, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of predicted and actual boxes."""
        return giou_loss(input, target, reduction=self.reduction)


class DIoULoss(Loss):
    """:func:`losslint.losses.functional.diou_loss`. Shapes: input and target (*, 4)."""

    def __init__(self, *, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of predicted and actual boxes."""
        return diou_loss(input, target, reduction=self.reduction)


class CIoULoss(Loss):
    """:func:`losslint.losses.functional.ciou_loss`. Shapes: input and target (*, 4)."""

    def __init__(self, *, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of predicted and actual boxes."""
        return ciou_loss(input, target, reduction=self.reduction)
