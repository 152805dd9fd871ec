"""Losses of regions in images and volumes."""

from __future__ import annotations

from losslint.catalogue.entry import Argument, Entry

_GROUP = "segmentation"
_LOSSES = "losslint.losses."
_FUNCTIONS = "losslint.losses.functional."
_ANY = (
    Argument("input", "(N, *) binary; (N, C, *) else", "logits, floating"),
    Argument("target", "as input; (N, *) multiclass", "0 or 1; class indices, torch.int64"),
    Argument("mask", "as target", "optional, torch.bool: True where a pixel counts"),
)
_CLASSES = (
    Argument("input", "(N, C, *)", "logits, floating"),
    Argument("target", "(N, *)", "class indices, torch.int64"),
    Argument("mask", "as target", "optional, torch.bool: True where a pixel counts"),
)
_LABELS = (
    Argument("input", "(N, *) or (N, C, *)", "logits, floating"),
    Argument("target", "as input", "0 or 1"),
    Argument("mask", "as input", "optional, torch.bool: True where a pixel counts"),
)


def _example(module: str, options: str, binary: bool = False) -> str:
    target = "(torch.rand(2, 1, 16, 16) < 0.2).float()" if binary else "randint(3, (2, 16, 16))"
    target = target if binary else f"torch.{target}"
    channels = 1 if binary else 3
    return f"""import torch
from losslint.losses import {module}

criterion = {module}({options})
logits = torch.randn(2, {channels}, 16, 16, requires_grad=True)
loss = criterion(logits, {target})
loss.backward()
"""


ENTRIES = (
    Entry(
        "cross-entropy-dice",
        _GROUP,
        "cross entropy plus Dice, several classes",
        _FUNCTIONS + "cross_entropy_dice_loss",
        _LOSSES + "CrossEntropyDiceLoss",
        "a CE + b Dice",
        _CLASSES,
        "The first choice for regions of several classes: cross entropy teaches every pixel from "
        "the start, Dice makes small regions count.",
        "All classes have many pixels: cross-entropy does, and its probabilities are calibrated.",
        _example("CrossEntropyDiceLoss", ""),
        ("Isensee et al., nnU-Net, 2021, doi:10.1038/s41592-020-01008-z",),
    ),
    Entry(
        "bce-dice",
        _GROUP,
        "binary cross entropy plus Dice",
        _FUNCTIONS + "bce_dice_loss",
        _LOSSES + "BCEDiceLoss",
        "a BCE + b Dice",
        _LABELS,
        "The first choice for a foreground that is small, and for regions that may overlap.",
        "Foreground and background are of one size: bce-with-logits does.",
        _example("BCEDiceLoss", "", binary=True),
        ("Isensee et al., nnU-Net, 2021, doi:10.1038/s41592-020-01008-z",),
    ),
    Entry(
        "dice",
        _GROUP,
        "one minus the Dice coefficient, the F1 score of pixels",
        _FUNCTIONS + "dice_loss",
        _LOSSES + "DiceLoss",
        "1 - (2 sum p y + s) / (sum p + sum y + s), for each sample and class",
        _ANY,
        "What counts is overlap, and regions are small. Every class counts the same.",
        "At the start of training its gradient is weak where nothing overlaps: add cross entropy "
        "(cross-entropy-dice, bce-dice). Its probabilities are not calibrated.",
        _example("DiceLoss", 'mode="multiclass"'),
        ("Milletari et al., V-Net, 2016, arXiv:1606.04797",),
    ),
    Entry(
        "generalized-dice",
        _GROUP,
        "Dice over all classes at once, weighed by inverse size",
        _FUNCTIONS + "generalized_dice_loss",
        _LOSSES + "GeneralizedDiceLoss",
        "1 - (2 sum_c w_c sum p y + s) / (sum_c w_c (sum p + sum y) + s),  w_c ~ 1 / (sum y)^2",
        _ANY,
        "Several classes whose sizes differ by orders of magnitude within an image.",
        "Classes are often absent from an image: dice, which averages over classes, jumps less.",
        _example("GeneralizedDiceLoss", 'mode="multiclass"'),
        ("Sudre et al., Generalised Dice Overlap, 2017, arXiv:1707.03237",),
    ),
    Entry(
        "jaccard",
        _GROUP,
        "one minus the Jaccard index, the intersection over the union",
        _FUNCTIONS + "jaccard_loss",
        _LOSSES + "JaccardLoss",
        "1 - (sum p y + s) / (sum p + sum y - sum p y + s)",
        _ANY,
        "The score that counts is IoU. It is 2 Dice / (1 + Dice), so it differs in steepness only.",
        "As for dice.",
        _example("JaccardLoss", 'mode="multiclass"'),
        ("Rahman and Wang, Optimizing Intersection-Over-Union, 2016",),
    ),
    Entry(
        "tversky",
        _GROUP,
        "Dice with separate weights for what is too much and what is missing",
        _FUNCTIONS + "tversky_loss",
        _LOSSES + "TverskyLoss",
        "1 - (TP + s) / (TP + alpha FP + beta FN + s)",
        _ANY,
        "Missing a pixel costs more than inventing one, or the other way: lesions, roads. Beta "
        "weighs what is missing.",
        "Both cost the same: dice.",
        _example("TverskyLoss", 'mode="binary", alpha=0.3, beta=0.7', binary=True),
        ("Salehi et al., Tversky Loss Function, 2017, arXiv:1706.05721",),
    ),
    Entry(
        "focal-tversky",
        _GROUP,
        "Tversky to a power, for small regions",
        _FUNCTIONS + "focal_tversky_loss",
        _LOSSES + "FocalTverskyLoss",
        "(1 - TI)^(1 / gamma)",
        _ANY,
        "Regions so small that a Tversky loss learns them last.",
        "Training is near its end and jumps: with gamma above 1 the gradient grows as the loss "
        "falls. Gamma 1 is tversky.",
        _example("FocalTverskyLoss", 'mode="binary"', binary=True),
        ("Abraham and Khan, A Novel Focal Tversky Loss Function, 2019, arXiv:1810.07842",),
    ),
    Entry(
        "lovasz-softmax",
        _GROUP,
        "the Jaccard index itself, continued to soft predictions; several classes",
        _FUNCTIONS + "lovasz_softmax_loss",
        _LOSSES + "LovaszSoftmaxLoss",
        "sum_i e_i (J(1..i) - J(1..i - 1)),  errors e falling",
        _CLASSES,
        "Mean IoU is the score, and the model is trained already: to fine-tune, or beside cross "
        "entropy.",
        "From scratch alone: cross-entropy first. It sorts all pixels, so it is slow.",
        _example("LovaszSoftmaxLoss", ""),
        ("Berman et al., The Lovasz-Softmax Loss, 2018, arXiv:1705.08790",),
    ),
    Entry(
        "lovasz-hinge",
        _GROUP,
        "the Jaccard index itself, continued to soft predictions; binary",
        _FUNCTIONS + "lovasz_hinge_loss",
        _LOSSES + "LovaszHingeLoss",
        "sum_i max(e_i, 0) (J(1..i) - J(1..i - 1)),  e = 1 - x (2 y - 1) falling",
        _LABELS,
        "IoU is the score, and the model is trained already.",
        "Probabilities are needed: its logits are margins. From scratch: bce-dice first.",
        _example("LovaszHingeLoss", "", binary=True),
        ("Berman et al., The Lovasz-Softmax Loss, 2018, arXiv:1705.08790",),
    ),
)
