"""Regression losses as modules."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from losslint.losses._contract import Reduction
from losslint.losses._module import Loss
from losslint.losses.functional.regression import (
    charbonnier_loss,
    log_cosh_loss,
    masked_mse_loss,
    quantile_loss,
    rmse_loss,
)
from losslint.losses.functional.relative import mape_loss, msle_loss, smape_loss, tweedie_loss


class LogCoshLoss(Loss):
    """:func:`losslint.losses.functional.log_cosh_loss` with its options.

    Shapes: input, target, weight and mask all the same, any.
    """

    def __init__(
        self,
        *,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        self.reduction = reduction

    def forward(
        self,
        input: Tensor,
        target: Tensor,
        mask: Tensor | None = None,
        weight: Tensor | None = None,
    ) -> Tensor:
        """The loss of predictions and targets."""
        return log_cosh_loss(
            input,
            target,
            weight=weight,
            mask=mask,
            reduction=self.reduction,
        )


class CharbonnierLoss(Loss):
    """:func:`losslint.losses.functional.charbonnier_loss` with its options.

    Shapes: input, target, weight and mask all the same, any.
    """

    def __init__(
        self,
        *,
        eps: float = 1e-3,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        self.eps = eps
        self.reduction = reduction

    def forward(
        self,
        input: Tensor,
        target: Tensor,
        mask: Tensor | None = None,
        weight: Tensor | None = None,
    ) -> Tensor:
        """The loss of predictions and targets."""
        return charbonnier_loss(
            input,
            target,
            eps=self.eps,
            weight=weight,
            mask=mask,
            reduction=self.reduction,
        )


class MAPELoss(Loss):
    """:func:`losslint.losses.functional.mape_loss` with its options.

    Shapes: input, target, weight and mask all the same, any.
    """

    def __init__(
        self,
        *,
        floor: float = 1e-6,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        self.floor = floor
        self.reduction = reduction

    def forward(
        self,
        input: Tensor,
        target: Tensor,
        mask: Tensor | None = None,
        weight: Tensor | None = None,
    ) -> Tensor:
        """The loss of predictions and targets."""
        return mape_loss(
            input,
            target,
            floor=self.floor,
            weight=weight,
            mask=mask,
            reduction=self.reduction,
        )


class SMAPELoss(Loss):
    """:func:`losslint.losses.functional.smape_loss` with its options.

    Shapes: input, target, weight and mask all the same, any.
    """

    def __init__(
        self,
        *,
        floor: float = 1e-6,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        self.floor = floor
        self.reduction = reduction

    def forward(
        self,
        input: Tensor,
        target: Tensor,
        mask: Tensor | None = None,
        weight: Tensor | None = None,
    ) -> Tensor:
        """The loss of predictions and targets."""
        return smape_loss(
            input,
            target,
            floor=self.floor,
            weight=weight,
            mask=mask,
            reduction=self.reduction,
        )


class MaskedMSELoss(Loss):
    """:func:`losslint.losses.functional.masked_mse_loss` with its options.

    Shapes: input, target, weight and mask all the same, any.
    """

    def __init__(
        self,
        *,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        self.reduction = reduction

    def forward(
        self,
        input: Tensor,
        target: Tensor,
        mask: Tensor | None = None,
        weight: Tensor | None = None,
    ) -> Tensor:
        """The loss of predictions and targets."""
        return masked_mse_loss(
            input,
            target,
            weight=weight,
            mask=mask,
            reduction=self.reduction,
        )


class MSLELoss(Loss):
    """:func:`losslint.losses.functional.msle_loss` with its options.

    Shapes: input, target, weight and mask all the same, any.
    """

    def __init__(
        self,
        *,
        log_input: bool = False,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        self.log_input = log_input
        self.reduction = reduction

    def forward(
        self,
        input: Tensor,
        target: Tensor,
        mask: Tensor | None = None,
        weight: Tensor | None = None,
    ) -> Tensor:
        """The loss of predictions and targets."""
        return msle_loss(
            input,
            target,
            log_input=self.log_input,
            weight=weight,
            mask=mask,
            reduction=self.reduction,
        )


class TweedieLoss(Loss):
    """:func:`losslint.losses.functional.tweedie_loss` with its options.

    Shapes: input, target, weight and mask all the same, any.
    """

    def __init__(
        self,
        *,
        power: float = 1.5,
        log_input: bool = True,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        self.power = power
        self.log_input = log_input
        self.reduction = reduction

    def forward(
        self,
        input: Tensor,
        target: Tensor,
        mask: Tensor | None = None,
        weight: Tensor | None = None,
    ) -> Tensor:
        """The loss of predictions and targets."""
        return tweedie_loss(
            input,
            target,
            power=self.power,
            log_input=self.log_input,
            weight=weight,
            mask=mask,
            reduction=self.reduction,
        )


class QuantileLoss(Loss):
    """:func:`losslint.losses.functional.quantile_loss` with its options.

    Shapes: input any, or (N, Q, *) for several quantiles; target, weight and mask the same without
    Q.
    """

    def __init__(
        self,
        quantiles: float | Sequence[float] = 0.5,
        *,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        self.quantiles = quantiles
        self.reduction = reduction

    def forward(
        self,
        input: Tensor,
        target: Tensor,
        mask: Tensor | None = None,
        weight: Tensor | None = None,
    ) -> Tensor:
        """The loss of predictions and targets."""
        return quantile_loss(
            input,
            target,
            quantiles=self.quantiles,
            weight=weight,
            mask=mask,
            reduction=self.reduction,
        )


class RMSELoss(Loss):
    """:func:`losslint.losses.functional.rmse_loss` with its options.

    Shapes: input, target and mask all the same, any.
    """

    def __init__(
        self,
        *,
        dim: int | tuple[int, ...] | None = None,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        self.dim = dim
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
        """The loss of predictions and targets."""
        return rmse_loss(
            input,
            target,
            dim=self.dim,
            mask=mask,
            reduction=self.reduction,
        )
