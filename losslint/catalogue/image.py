"""Losses of images."""

from __future__ import annotations

from losslint.catalogue.entry import Argument, Entry

_GROUP = "image"
_LOSSES = "losslint.losses."
_FUNCTIONS = "losslint.losses.functional."
_IMAGES = (
    Argument("input", "(N, C, H, W)", "images, floating, in the range of the target"),
    Argument("target", "as input", "images to be like"),
)


def _example(module: str, options: str = "") -> str:
    return f"""import torch
from losslint.losses import {module}

criterion = {module}({options})
image = torch.rand(2, 3, 32, 32, requires_grad=True)
loss = criterion(image, torch.rand(2, 3, 32, 32))
loss.backward()
"""


ENTRIES = (
    Entry(
        "ssim",
        _GROUP,
        "one minus the structural similarity",
        _FUNCTIONS + "ssim_loss",
        _LOSSES + "SSIMLoss",
        "1 - mean of (2 mx my + c1)(2 sxy + c2) / ((mx^2 + my^2 + c1)(sx^2 + sy^2 + c2))",
        _IMAGES,
        "Restoration and compression, beside l1 or charbonnier, which keep the colours.",
        "Sizes vary, or details of several scales count: ms-ssim. Texture may be made up: "
        "perceptual.",
        _example("SSIMLoss", "data_range=1.0"),
        ("Wang et al., Image Quality Assessment, 2004, doi:10.1109/TIP.2003.819861",),
    ),
    Entry(
        "ms-ssim",
        _GROUP,
        "one minus the structural similarity at several scales",
        _FUNCTIONS + "ms_ssim_loss",
        _LOSSES + "MSSSIMLoss",
        "1 - l_M^w_M  product over scales of cs_j^w_j",
        _IMAGES,
        "As ssim, with large images; 0.84 of it and 0.16 of l1 is a known good mixture.",
        "Images are smaller than 176 pixels and the weights are to be the paper's: ssim.",
        _example("MSSSIMLoss", "weights=[0.5, 0.5]"),
        (
            "Wang et al., Multiscale Structural Similarity, 2003",
            "Zhao et al., Loss Functions for Image Restoration, 2017, arXiv:1511.08861",
        ),
    ),
    Entry(
        "perceptual",
        _GROUP,
        "the distance in the features of a network",
        None,
        _LOSSES + "PerceptualLoss",
        "sum over layers of w mean (phi(x) - phi(y))^2",
        _IMAGES,
        "Super-resolution, style and synthesis, where a sharp guess is better than a blurred mean. "
        "Any network that knows such images does; VGG16 by name with torchvision.",
        "Every pixel has to be right, as in medicine and measurement: charbonnier, ssim.",
        """import torch
from losslint.losses import PerceptualLoss
from torch import nn

encoder = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.ReLU())
criterion = PerceptualLoss(encoder, layers=["1", "3"])
image = torch.rand(2, 3, 32, 32, requires_grad=True)
loss = criterion(image, torch.rand(2, 3, 32, 32))
loss.backward()
""",
        ("Johnson et al., Perceptual Losses, 2016, arXiv:1603.08155",),
    ),
    Entry(
        "total-variation",
        _GROUP,
        "how much neighbouring pixels differ",
        _FUNCTIONS + "total_variation_loss",
        _LOSSES + "TotalVariationLoss",
        "mean |x_(i+1)j - x_ij| + mean |x_i(j+1) - x_ij|",
        _IMAGES[:1],
        "With a small weight beside another loss, against checkerboards and noise.",
        "Alone: it wants one flat colour.",
        """import torch
from losslint.losses import TotalVariationLoss

criterion = TotalVariationLoss()
image = torch.rand(2, 3, 32, 32, requires_grad=True)
loss = criterion(image)
loss.backward()
""",
        ("Rudin et al., Nonlinear Total Variation Based Noise Removal Algorithms, 1992",),
    ),
)
