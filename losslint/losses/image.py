"""Losses of images as modules."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from losslint.losses._contract import Reduction
from losslint.losses._module import Loss
from losslint.losses.functional.image import (
    MS_SSIM_WEIGHTS,
    ms_ssim_loss,
    ssim_loss,
    total_variation_loss,
)


class SSIMLoss(Loss):
    """:func:`losslint.losses.functional.ssim_loss` with its options.

    Shapes: input and target (N, C, H, W).
    """

    def __init__(
        self,
        *,
        data_range: float = 1.0,
        window_size: int = 11,
        sigma: float = 1.5,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        self.data_range = data_range
        self.window_size = window_size
        self.sigma = sigma
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of images and those they should be like."""
        return ssim_loss(
            input,
            target,
            data_range=self.data_range,
            window_size=self.window_size,
            sigma=self.sigma,
            reduction=self.reduction,
        )


class MSSSIMLoss(Loss):
    """:func:`losslint.losses.functional.ms_ssim_loss` with its options.

    Shapes: input and target (N, C, H, W).
    """

    def __init__(
        self,
        *,
        data_range: float = 1.0,
        window_size: int = 11,
        sigma: float = 1.5,
        weights: Sequence[float] = MS_SSIM_WEIGHTS,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        self.data_range = data_range
        self.window_size = window_size
        self.sigma = sigma
        self.weights = tuple(weights)
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of images and those they should be like."""
        return ms_ssim_loss(
            input,
            target,
            data_range=self.data_range,
            window_size=self.window_size,
            sigma=self.sigma,
            weights=self.weights,
            reduction=self.reduction,
        )


class TotalVariationLoss(Loss):
    """:func:`losslint.losses.functional.total_variation_loss` with its options.

    Shapes: input (N, C, H, W).
    """

    def __init__(self, *, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.reduction = reduction

    def forward(self, input: Tensor) -> Tensor:
        """The loss of images."""
        return total_variation_loss(input, reduction=self.reduction)
