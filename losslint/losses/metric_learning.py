"""Losses on embeddings as modules."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from losslint.losses._contract import Reduction, check_number
from losslint.losses._module import Loss
from losslint.losses.functional.margin import arcface_loss, cosface_loss
from losslint.losses.functional.metric_learning import (
    Mining,
    batch_triplet_loss,
    contrastive_loss,
    info_nce_loss,
    nt_xent_loss,
    supervised_contrastive_loss,
)


class ContrastiveLoss(Loss):
    """:func:`losslint.losses.functional.contrastive_loss` with its options.

    Shapes: first and second (N, D), label (N,), with 1 for a similar pair.
    """

    def __init__(self, *, margin: float = 1.0, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.margin = margin
        self.reduction = reduction

    def forward(self, first: Tensor, second: Tensor, label: Tensor) -> Tensor:
        """The loss of pairs of embeddings; label 1 means similar."""
        return contrastive_loss(first, second, label, margin=self.margin, reduction=self.reduction)


class BatchTripletLoss(Loss):
    """:func:`losslint.losses.functional.batch_triplet_loss` with its options.

    Shapes: embeddings (N, D), labels (N,).
    """

    def __init__(
        self,
        *,
        margin: float = 0.2,
        mining: Mining = "hard",
        squared: bool = False,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        self.margin = margin
        self.mining: Mining = mining
        self.squared = squared
        self.reduction = reduction

    def forward(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        """The loss of a batch of embeddings and the labels to mine triplets by."""
        return batch_triplet_loss(
            embeddings,
            labels,
            margin=self.margin,
            mining=self.mining,
            squared=self.squared,
            reduction=self.reduction,
        )


class NTXentLoss(Loss):
    """:func:`losslint.losses.functional.nt_xent_loss` with its options.

    Shapes: first and second (N, D), the two views of each sample.
    """

    def __init__(self, *, temperature: float = 0.5, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.temperature = temperature
        self.reduction = reduction

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """The loss of two views of a batch."""
        return nt_xent_loss(first, second, temperature=self.temperature, reduction=self.reduction)


class InfoNCELoss(Loss):
    """:func:`losslint.losses.functional.info_nce_loss` with its options.

    Shapes: query and key (N, D), negatives (M, D). A temperature that is an ``nn.Parameter`` is
    one of this module, and learned with it.
    """

    temperature: float | Tensor

    def __init__(
        self,
        *,
        temperature: float | Tensor = 0.07,
        symmetric: bool = False,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        self.temperature = temperature
        self.symmetric = symmetric
        self.reduction = reduction

    def forward(self, query: Tensor, key: Tensor, negatives: Tensor | None = None) -> Tensor:
        """The loss of queries and their keys, and of keys that belong to none of them."""
        return info_nce_loss(
            query,
            key,
            negatives=negatives,
            temperature=self.temperature,
            symmetric=self.symmetric,
            reduction=self.reduction,
        )


class SupervisedContrastiveLoss(Loss):
    """:func:`losslint.losses.functional.supervised_contrastive_loss` with its options.

    Shapes: embeddings (N, D), labels (N,).
    """

    def __init__(self, *, temperature: float = 0.1, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.temperature = temperature
        self.reduction = reduction

    def forward(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        """The loss of a batch of embeddings and their labels."""
        return supervised_contrastive_loss(
            embeddings, labels, temperature=self.temperature, reduction=self.reduction
        )


class CosFaceLoss(Loss):
    """:func:`losslint.losses.functional.cosface_loss` with its options and its class centres.

    The centres, shape (num_classes, embedding_size), are a parameter: give
    ``loss.parameters()`` to the optimizer together with the network's. At test time compare
    embeddings by their cosine, without the centres.

    Shapes: input (N, embedding_size), target (N,).
    """

    def __init__(
        self,
        num_classes: int,
        embedding_size: int,
        *,
        scale: float = 64.0,
        margin: float = 0.35,
        ignore_index: int = -100,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        self.num_classes = num_classes
        self.embedding_size = embedding_size
        self.scale = scale
        self.margin = margin
        self.ignore_index = ignore_index
        self.reduction = reduction
        self.centres = _class_centres(num_classes, embedding_size)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of embeddings and class indices."""
        return cosface_loss(
            input,
            self.centres,
            target,
            scale=self.scale,
            margin=self.margin,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
        )


class ArcFaceLoss(Loss):
    """:func:`losslint.losses.functional.arcface_loss` with its options and its class centres.

    The centres, shape (num_classes, embedding_size), are a parameter: give
    ``loss.parameters()`` to the optimizer together with the network's. At test time compare
    embeddings by their cosine, without the centres.

    Shapes: input (N, embedding_size), target (N,).
    """

    def __init__(
        self,
        num_classes: int,
        embedding_size: int,
        *,
        scale: float = 64.0,
        margin: float = 0.5,
        ignore_index: int = -100,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        self.num_classes = num_classes
        self.embedding_size = embedding_size
        self.scale = scale
        self.margin = margin
        self.ignore_index = ignore_index
        self.reduction = reduction
        self.centres = _class_centres(num_classes, embedding_size)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of embeddings and class indices."""
        return arcface_loss(
            input,
            self.centres,
            target,
            scale=self.scale,
            margin=self.margin,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
        )


def _class_centres(num_classes: int, embedding_size: int) -> nn.Parameter:
    check_number("num_classes", num_classes, at_least=1)
    check_number("embedding_size", embedding_size, at_least=1)
    # Only the directions matter, and normal numbers favour none.
    return nn.Parameter(nn.init.normal_(torch.empty(num_classes, embedding_size), std=0.01))
