"""The losses as functions, in the manner of :mod:`torch.nn.functional`."""

from losslint.losses.functional.binary import asymmetric_loss, binary_focal_loss
from losslint.losses.functional.classification import (
    focal_loss,
    generalized_cross_entropy,
    logit_adjusted_cross_entropy,
    poly1_cross_entropy,
    symmetric_cross_entropy,
)

__all__ = [
    "asymmetric_loss",
    "binary_focal_loss",
    "focal_loss",
    "generalized_cross_entropy",
    "logit_adjusted_cross_entropy",
    "poly1_cross_entropy",
    "symmetric_cross_entropy",
]
