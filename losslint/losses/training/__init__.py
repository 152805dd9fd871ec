"""What goes with a loss in the training loop."""

from __future__ import annotations

from losslint.losses.training.distillation import distillation_loss
from losslint.losses.training.gradient_norms import GradientNormMonitor, GradientNorms
from losslint.losses.training.mixing import Mixed, cutmix, mixed_loss, mixup

__all__ = [
    "GradientNormMonitor",
    "GradientNorms",
    "Mixed",
    "cutmix",
    "distillation_loss",
    "mixed_loss",
    "mixup",
]
