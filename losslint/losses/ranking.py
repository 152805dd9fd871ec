"""Ranking losses as modules."""

from __future__ import annotations

from torch import Tensor

from losslint.losses._contract import Reduction
from losslint.losses._module import Loss
from losslint.losses.functional.ranking import (
    Target,
    bpr_loss,
    listnet_loss,
    pairwise_logistic_loss,
)


class PairwiseLogisticLoss(Loss):
    """:func:`losslint.losses.functional.pairwise_logistic_loss` with its options.

    Shapes: scores, relevance and mask (N, L), or (L,).
    """

    def __init__(self, *, sigma: float = 1.0, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.sigma = sigma
        self.reduction = reduction

    def forward(self, scores: Tensor, relevance: Tensor, mask: Tensor | None = None) -> Tensor:
        """The loss of lists of scores, how relevant the items are, and where there are items."""
        return pairwise_logistic_loss(
            scores, relevance, mask=mask, sigma=self.sigma, reduction=self.reduction
        )


class ListNetLoss(Loss):
    """:func:`losslint.losses.functional.listnet_loss` with its options.

    Shapes: scores, relevance and mask (N, L), or (L,).
    """

    def __init__(self, *, target: Target = "softmax", reduction: Reduction = "mean") -> None:
        super().__init__()
        self.target: Target = target
        self.reduction = reduction

    def forward(self, scores: Tensor, relevance: Tensor, mask: Tensor | None = None) -> Tensor:
        """The loss of lists of scores, how relevant the items are, and where there are items."""
        return listnet_loss(
            scores, relevance, mask=mask, target=self.target, reduction=self.reduction
        )


class BPRLoss(Loss):
    """:func:`losslint.losses.functional.bpr_loss` with its options.

    Shapes: positive_scores any, negative_scores the same, or with one dimension more at the end.
    """

    def __init__(self, *, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.reduction = reduction

    def forward(self, positive_scores: Tensor, negative_scores: Tensor) -> Tensor:
        """The loss of the scores of chosen items and of sampled ones."""
        return bpr_loss(positive_scores, negative_scores, reduction=self.reduction)
