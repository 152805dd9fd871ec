"""Losses that torch does not have, and what goes with them.

Needs torch, the extra ``torch``. Functions are in :mod:`losslint.losses.functional`, modules here.
"""

from losslint.losses.classification import (
    AsymmetricLoss,
    BinaryFocalLoss,
    FocalLoss,
    GeneralizedCrossEntropyLoss,
    LogitAdjustedCrossEntropyLoss,
    Poly1CrossEntropyLoss,
    SymmetricCrossEntropyLoss,
)
from losslint.losses.metric_learning import (
    ArcFaceLoss,
    BatchTripletLoss,
    ContrastiveLoss,
    CosFaceLoss,
    InfoNCELoss,
    NTXentLoss,
    SupervisedContrastiveLoss,
)
from losslint.losses.weights import class_weights, pos_weight

__all__ = [
    "ArcFaceLoss",
    "AsymmetricLoss",
    "BatchTripletLoss",
    "BinaryFocalLoss",
    "ContrastiveLoss",
    "CosFaceLoss",
    "FocalLoss",
    "GeneralizedCrossEntropyLoss",
    "InfoNCELoss",
    "LogitAdjustedCrossEntropyLoss",
    "NTXentLoss",
    "Poly1CrossEntropyLoss",
    "SupervisedContrastiveLoss",
    "SymmetricCrossEntropyLoss",
    "class_weights",
    "pos_weight",
]
