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
from losslint.losses.detection import CIoULoss, DIoULoss, GIoULoss, IoULoss
from losslint.losses.regression import (
    CharbonnierLoss,
    LogCoshLoss,
    MAPELoss,
    MaskedMSELoss,
    MSLELoss,
    QuantileLoss,
    RMSELoss,
    SMAPELoss,
    TweedieLoss,
)
from losslint.losses.scaling import TargetScaler
from losslint.losses.segmentation import (
    BCEDiceLoss,
    CrossEntropyDiceLoss,
    DiceLoss,
    FocalTverskyLoss,
    GeneralizedDiceLoss,
    JaccardLoss,
    LovaszHingeLoss,
    LovaszSoftmaxLoss,
    TverskyLoss,
)
from losslint.losses.weights import class_weights, pos_weight

__all__ = [
    "AsymmetricLoss",
    "BCEDiceLoss",
    "BinaryFocalLoss",
    "CIoULoss",
    "CharbonnierLoss",
    "CrossEntropyDiceLoss",
    "DIoULoss",
    "DiceLoss",
    "FocalLoss",
    "FocalTverskyLoss",
    "GIoULoss",
    "GeneralizedCrossEntropyLoss",
    "GeneralizedDiceLoss",
    "IoULoss",
    "JaccardLoss",
    "LogCoshLoss",
    "LogitAdjustedCrossEntropyLoss",
    "LovaszHingeLoss",
    "LovaszSoftmaxLoss",
    "MAPELoss",
    "MSLELoss",
    "MaskedMSELoss",
    "Poly1CrossEntropyLoss",
    "QuantileLoss",
    "RMSELoss",
    "SMAPELoss",
    "SymmetricCrossEntropyLoss",
    "TargetScaler",
    "TverskyLoss",
    "TweedieLoss",
    "class_weights",
    "pos_weight",
]
