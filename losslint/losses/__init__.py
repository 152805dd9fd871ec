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
from losslint.losses.generative import ELBOLoss, GANDiscriminatorLoss, GANGeneratorLoss
from losslint.losses.metric_learning import (
    ArcFaceLoss,
    BatchTripletLoss,
    ContrastiveLoss,
    CosFaceLoss,
    InfoNCELoss,
    NTXentLoss,
    SupervisedContrastiveLoss,
)
from losslint.losses.ranking import BPRLoss, ListNetLoss, PairwiseLogisticLoss
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
    "ArcFaceLoss",
    "AsymmetricLoss",
    "BCEDiceLoss",
    "BPRLoss",
    "BatchTripletLoss",
    "BinaryFocalLoss",
    "ContrastiveLoss",
    "CosFaceLoss",
    "CrossEntropyDiceLoss",
    "DiceLoss",
    "ELBOLoss",
    "FocalLoss",
    "FocalTverskyLoss",
    "GANDiscriminatorLoss",
    "GANGeneratorLoss",
    "GeneralizedCrossEntropyLoss",
    "GeneralizedDiceLoss",
    "InfoNCELoss",
    "JaccardLoss",
    "ListNetLoss",
    "LogitAdjustedCrossEntropyLoss",
    "LovaszHingeLoss",
    "LovaszSoftmaxLoss",
    "NTXentLoss",
    "PairwiseLogisticLoss",
    "Poly1CrossEntropyLoss",
    "SupervisedContrastiveLoss",
    "SymmetricCrossEntropyLoss",
    "TverskyLoss",
    "class_weights",
    "pos_weight",
]
