"""The losses as functions, in the manner of :mod:`torch.nn.functional`."""

from losslint.losses.functional.binary import asymmetric_loss, binary_focal_loss
from losslint.losses.functional.classification import (
    focal_loss,
    generalized_cross_entropy,
    logit_adjusted_cross_entropy,
    poly1_cross_entropy,
    symmetric_cross_entropy,
)
from losslint.losses.functional.combined import bce_dice_loss, cross_entropy_dice_loss
from losslint.losses.functional.lovasz import lovasz_hinge_loss, lovasz_softmax_loss
from losslint.losses.functional.margin import arcface_loss, cosface_loss
from losslint.losses.functional.metric_learning import (
    batch_triplet_loss,
    contrastive_loss,
    info_nce_loss,
    nt_xent_loss,
    supervised_contrastive_loss,
)
from losslint.losses.functional.segmentation import (
    dice_loss,
    focal_tversky_loss,
    generalized_dice_loss,
    jaccard_loss,
    tversky_loss,
)

__all__ = [
    "arcface_loss",
    "asymmetric_loss",
    "batch_triplet_loss",
    "bce_dice_loss",
    "binary_focal_loss",
    "contrastive_loss",
    "cosface_loss",
    "cross_entropy_dice_loss",
    "dice_loss",
    "focal_loss",
    "focal_tversky_loss",
    "generalized_cross_entropy",
    "generalized_dice_loss",
    "info_nce_loss",
    "jaccard_loss",
    "logit_adjusted_cross_entropy",
    "lovasz_hinge_loss",
    "lovasz_softmax_loss",
    "nt_xent_loss",
    "poly1_cross_entropy",
    "supervised_contrastive_loss",
    "symmetric_cross_entropy",
    "tversky_loss",
]
