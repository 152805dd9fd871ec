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
from losslint.losses.weights import class_weights, pos_weight

__all__ = [
    "AsymmetricLoss",
    "BinaryFocalLoss",
    "FocalLoss",
    "GeneralizedCrossEntropyLoss",
    "LogitAdjustedCrossEntropyLoss",
    "Poly1CrossEntropyLoss",
    "SymmetricCrossEntropyLoss",
    "class_weights",
    "pos_weight",
]
