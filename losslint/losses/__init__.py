"""Losses that torch does not have, and what goes with them.

Needs torch, the extra ``torch``. Functions are in :mod:`losslint.losses.functional`, modules here.
"""

try:
    import torch  # noqa: F401  # to say what to do about it, where it is missing
except ModuleNotFoundError as problem:
    if problem.name != "torch":
        raise
    raise ImportError(
        "losslint.losses needs torch 2.2 or newer, which is not installed: `pip install torch`, or "
        "install losslint with its extra: `pip install './path/to/checkout[torch]'`"
    ) from None

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
    "ArcFaceLoss",
    "AsymmetricLoss",
    "BCEDiceLoss",
    "BPRLoss",
    "BatchTripletLoss",
    "BinaryFocalLoss",
    "CIoULoss",
    "CharbonnierLoss",
    "ContrastiveLoss",
    "CosFaceLoss",
    "CrossEntropyDiceLoss",
    "DIoULoss",
    "DiceLoss",
    "ELBOLoss",
    "FocalLoss",
    "FocalTverskyLoss",
    "GANDiscriminatorLoss",
    "GANGeneratorLoss",
    "GIoULoss",
    "GeneralizedCrossEntropyLoss",
    "GeneralizedDiceLoss",
    "InfoNCELoss",
    "IoULoss",
    "JaccardLoss",
    "ListNetLoss",
    "LogCoshLoss",
    "LogitAdjustedCrossEntropyLoss",
    "LovaszHingeLoss",
    "LovaszSoftmaxLoss",
    "MAPELoss",
    "MSLELoss",
    "MSSSIMLoss",
    "MaskedMSELoss",
    "NTXentLoss",
    "PairwiseLogisticLoss",
    "PerceptualLoss",
    "Poly1CrossEntropyLoss",
    "QuantileLoss",
    "RMSELoss",
    "SMAPELoss",
    "SSIMLoss",
    "SupervisedContrastiveLoss",
    "SymmetricCrossEntropyLoss",
    "TargetScaler",
    "TotalVariationLoss",
    "TverskyLoss",
    "TweedieLoss",
    "class_weights",
    "pos_weight",
]
