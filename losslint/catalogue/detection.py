"""Losses of boxes."""

from __future__ import annotations

from losslint.catalogue.entry import Argument, Entry

_GROUP = "detection"
_LOSSES = "losslint.losses."
_FUNCTIONS = "losslint.losses.functional."
_BOXES = (
    Argument("input", "(*, 4)", "predicted boxes x1 y1 x2 y2, floating, any one unit"),
    Argument("target", "(*, 4)", "actual boxes, x1 <= x2 and y1 <= y2"),
)


def _example(module: str) -> str:
    return f"""import torch
from losslint.losses import {module}

criterion = {module}()
boxes = torch.tensor([[10.0, 10, 50, 40], [0, 0, 20, 20]], requires_grad=True)
loss = criterion(boxes, torch.tensor([[12.0, 8, 48, 44], [30, 30, 40, 50]]))
loss.backward()
"""


ENTRIES = (
    Entry(
        "giou",
        _GROUP,
        "IoU of boxes, and the empty space between them",
        _FUNCTIONS + "giou_loss",
        _LOSSES + "GIoULoss",
        "1 - IoU + (C - U) / C",
        _BOXES,
        "Boxes from a network that predicts corners, beside l1 or smooth-l1, as in DETR.",
        "Boxes that hold each other get no direction from it: diou or ciou.",
        _example("GIoULoss"),
        ("Rezatofighi et al., Generalized Intersection over Union, 2019, arXiv:1902.09630",),
    ),
    Entry(
        "diou",
        _GROUP,
        "IoU of boxes, and the distance of their centres",
        _FUNCTIONS + "diou_loss",
        _LOSSES + "DIoULoss",
        "1 - IoU + rho^2 / c^2",
        _BOXES,
        "As giou, and boxes often hold each other: it converges sooner.",
        "Aspect ratios matter: ciou.",
        _example("DIoULoss"),
        ("Zheng et al., Distance-IoU Loss, 2020, arXiv:1911.08287",),
    ),
    Entry(
        "ciou",
        _GROUP,
        "IoU of boxes, the distance of their centres and their aspect ratio",
        _FUNCTIONS + "ciou_loss",
        _LOSSES + "CIoULoss",
        "1 - IoU + rho^2 / c^2 + alpha v,  v = (4 / pi^2) (atan(w'/h') - atan(w/h))^2",
        _BOXES,
        "The usual choice of one-stage detectors of the YOLO family.",
        "Boxes are tiny in the unit they are in: the aspect term's gradient is large there; diou.",
        _example("CIoULoss"),
        ("Zheng et al., Distance-IoU Loss, 2020, arXiv:1911.08287",),
    ),
    Entry(
        "iou",
        _GROUP,
        "one minus the intersection over the union of boxes",
        _FUNCTIONS + "iou_loss",
        _LOSSES + "IoULoss",
        "1 - I / U",
        _BOXES,
        "Boxes are known to overlap already: to refine them.",
        "Boxes may not touch: it has no gradient there; giou, diou or ciou.",
        _example("IoULoss"),
        ("Yu et al., UnitBox, 2016, arXiv:1608.01471",),
    ),
    Entry(
        "smooth-l1",
        _GROUP,
        "square near 0, absolute beyond; torch's own",
        "torch.nn.functional.smooth_l1_loss",
        "torch.nn.SmoothL1Loss",
        "e^2 / (2 beta) where |e| < beta, |e| - beta / 2 else,  e = x - y",
        (
            Argument("input", "any", "predicted offsets, floating"),
            Argument("target", "as input", "actual offsets, floating"),
        ),
        "Offsets of boxes from anchors, as in Faster R-CNN. Huber divided by beta.",
        "The overlap is the score: giou and its kin.",
        """import torch
from torch import nn

criterion = nn.SmoothL1Loss(beta=1.0)
offsets = torch.randn(8, 4, requires_grad=True)
loss = criterion(offsets, torch.randn(8, 4))
loss.backward()
""",
        ("Girshick, Fast R-CNN, 2015, arXiv:1504.08083",),
    ),
)
