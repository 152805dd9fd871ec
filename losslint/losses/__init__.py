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
from losslint.losses.image import MSSSIMLoss, SSIMLoss, TotalVariationLoss
from losslint.losses.metric_learning import (
    ArcFaceLoss,
    BatchTripletLoss,
    ContrastiveLoss,
    CosFaceLoss,
    InfoNCELoss,
    NTXentLoss,
    SupervisedContrastiveLoss,
)
from losslint.losses.perceptual import PerceptualLoss
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
    "MSSSIMLoss",
    "NTXentLoss",
    "PairwiseLogisticLoss",
    "PerceptualLoss",
    "Poly1CrossEntropyLoss",
    "SSIMLoss",
    "SupervisedContrastiveLoss",
    "SymmetricCrossEntropyLoss",
    "TotalVariationLoss",
    "TverskyLoss",
    "class_weights",
    "pos_weight",
]
