"""Classification losses as modules."""

from __future__ import annotations

from torch import Tensor

from losslint.losses._contract import Reduction
from losslint.losses._module import Loss
from losslint.losses.functional.binary import asymmetric_loss, binary_focal_loss
from losslint.losses.functional.classification import (
    Normalizer,
    focal_loss,
    generalized_cross_entropy,
    logit_adjusted_cross_entropy,
    poly1_cross_entropy,
    symmetric_cross_entropy,
)


class FocalLoss(Loss):
    """:func:`losslint.losses.functional.focal_loss` with its options; ``alpha`` is a buffer.

    Shapes: input (N, C, *), target (N, *).
    """

    alpha: Tensor | None

    def __init__(
        self,
        *,
        gamma: float = 2.0,
        alpha: Tensor | None = None,
        label_smoothing: float = 0.0,
        ignore_index: int = -100,
        normalizer: Normalizer = "valid",
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        self.gamma = gamma
        self.register_buffer("alpha", alpha)
        self.label_smoothing = label_smoothing
        self.ignore_index = ignore_index
        self.normalizer = normalizer
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of logits and class indices."""
        return focal_loss(
            input,
            target,
            gamma=self.gamma,
            alpha=self.alpha,
            label_smoothing=self.label_smoothing,
            ignore_index=self.ignore_index,
            normalizer=self.normalizer,
            reduction=self.reduction,
        )


class LogitAdjustedCrossEntropyLoss(Loss):
    """:func:`losslint.losses.functional.logit_adjusted_cross_entropy` with its options.

    Shapes: input (N, C, *), target (N, *). ``class_counts`` is a buffer.
    """

    class_counts: Tensor

    def __init__(
        self,
        class_counts: Tensor,
        *,
        tau: float = 1.0,
        label_smoothing: float = 0.0,
        ignore_index: int = -100,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        self.register_buffer("class_counts", class_counts)
        self.tau = tau
        self.label_smoothing = label_smoothing
        self.ignore_index = ignore_index
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of logits and class indices."""
        return logit_adjusted_cross_entropy(
            input,
            target,
            class_counts=self.class_counts,
            tau=self.tau,
            label_smoothing=self.label_smoothing,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
        )


class GeneralizedCrossEntropyLoss(Loss):
    """:func:`losslint.losses.functional.generalized_cross_entropy` with its options.

    Shapes: input (N, C, *), target (N, *). ``weight`` is a buffer.
    """

    weight: Tensor | None

    def __init__(
        self,
        *,
        q: float = 0.7,
        weight: Tensor | None = None,
        ignore_index: int = -100,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        self.q = q
        self.register_buffer("weight", weight)
        self.ignore_index = ignore_index
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of logits and class indices."""
        return generalized_cross_entropy(
            input,
            target,
            q=self.q,
            weight=self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
        )


class SymmetricCrossEntropyLoss(Loss):
    """:func:`losslint.losses.functional.symmetric_cross_entropy` with its options.

    Shapes: input (N, C, *), target (N, *). ``weight`` is a buffer.
    """

    weight: Tensor | None

    def __init__(
        self,
        *,
        alpha: float = 0.1,
        beta: float = 1.0,
        log_zero: float = -4.0,
        weight: Tensor | None = None,
        ignore_index: int = -100,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        self.alpha = alpha
        self.beta = beta
        self.log_zero = log_zero
        self.register_buffer("weight", weight)
        self.ignore_index = ignore_index
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of logits and class indices."""
        return symmetric_cross_entropy(
            input,
            target,
            alpha=self.alpha,
            beta=self.beta,
            log_zero=self.log_zero,
            weight=self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
        )


class Poly1CrossEntropyLoss(Loss):
    """:func:`losslint.losses.functional.poly1_cross_entropy` with its options.

    Shapes: input (N, C, *), target (N, *). ``weight`` is a buffer.
    """

    weight: Tensor | None

    def __init__(
        self,
        *,
        epsilon: float = 1.0,
        weight: Tensor | None = None,
        label_smoothing: float = 0.0,
        ignore_index: int = -100,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        self.epsilon = epsilon
        self.register_buffer("weight", weight)
        self.label_smoothing = label_smoothing
        self.ignore_index = ignore_index
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of logits and class indices."""
        return poly1_cross_entropy(
            input,
            target,
            epsilon=self.epsilon,
            weight=self.weight,
            label_smoothing=self.label_smoothing,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
        )


class BinaryFocalLoss(Loss):
    """:func:`losslint.losses.functional.binary_focal_loss` with its options.

    Shapes: input, target and mask all the same, any.
    """

    def __init__(
        self,
        *,
        gamma: float = 2.0,
        alpha: float | None = 0.25,
        label_smoothing: float = 0.0,
        normalizer: Normalizer = "valid",
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        self.gamma = gamma
        self.alpha = alpha
        self.label_smoothing = label_smoothing
        self.normalizer = normalizer
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
        """The loss of logits and labels."""
        return binary_focal_loss(
            input,
            target,
            gamma=self.gamma,
            alpha=self.alpha,
            label_smoothing=self.label_smoothing,
            mask=mask,
            normalizer=self.normalizer,
            reduction=self.reduction,
        )


class AsymmetricLoss(Loss):
    """:func:`losslint.losses.functional.asymmetric_loss` with its options.

    Shapes: input, target and mask all the same, any.
    """

    def __init__(
        self,
        *,
        gamma_neg: float = 4.0,
        gamma_pos: float = 0.0,
        clip: float = 0.05,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        self.gamma_neg = gamma_neg
        self.gamma_pos = gamma_pos
        self.clip = clip
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
        """The loss of logits and labels."""
        return asymmetric_loss(
            input,
            target,
            gamma_neg=self.gamma_neg,
            gamma_pos=self.gamma_pos,
            clip=self.clip,
            mask=mask,
            reduction=self.reduction,
        )
