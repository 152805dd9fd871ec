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
from losslint.losses.functional.detection import ciou_loss, diou_loss, giou_loss, iou_loss
from losslint.losses.functional.generative import (
    elbo_loss,
    gan_discriminator_loss,
    gan_generator_loss,
    gradient_penalty,
    kl_standard_normal,
)
from losslint.losses.functional.image import ms_ssim_loss, ssim_loss, total_variation_loss
from losslint.losses.functional.lovasz import lovasz_hinge_loss, lovasz_softmax_loss
from losslint.losses.functional.margin import arcface_loss, cosface_loss
from losslint.losses.functional.metric_learning import (
    batch_triplet_loss,
    contrastive_loss,
    info_nce_loss,
    nt_xent_loss,
    supervised_contrastive_loss,
)
from losslint.losses.functional.ranking import bpr_loss, listnet_loss, pairwise_logistic_loss
from losslint.losses.functional.regression import (
    charbonnier_loss,
    log_cosh_loss,
    masked_mse_loss,
    quantile_loss,
    rmse_loss,
)
from losslint.losses.functional.relative import mape_loss, msle_loss, smape_loss, tweedie_loss
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
    "bpr_loss",
    "charbonnier_loss",
    "ciou_loss",
    "contrastive_loss",
    "cosface_loss",
    "cross_entropy_dice_loss",
    "dice_loss",
    "diou_loss",
    "elbo_loss",
    "focal_loss",
    "focal_tversky_loss",
    "gan_discriminator_loss",
    "gan_generator_loss",
    "generalized_cross_entropy",
    "generalized_dice_loss",
    "giou_loss",
    "gradient_penalty",
    "info_nce_loss",
    "iou_loss",
    "jaccard_loss",
    "kl_standard_normal",
    "listnet_loss",
    "log_cosh_loss",
    "logit_adjusted_cross_entropy",
    "lovasz_hinge_loss",
    "lovasz_softmax_loss",
    "mape_loss",
    "masked_mse_loss",
    "ms_ssim_loss",
    "msle_loss",
    "nt_xent_loss",
    "pairwise_logistic_loss",
    "poly1_cross_entropy",
    "quantile_loss",
    "rmse_loss",
    "smape_loss",
    "ssim_loss",
    "supervised_contrastive_loss",
    "symmetric_cross_entropy",
    "total_variation_loss",
    "tversky_loss",
    "tweedie_loss",
]
