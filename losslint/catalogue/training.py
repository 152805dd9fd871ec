"""What goes with a loss in the training loop, and a loss of one's own."""

from __future__ import annotations

from losslint.catalogue.entry import Argument, Entry

_GROUP = "training"
_PACKAGE = "losslint.losses.training."
_BATCH = (
    Argument("inputs", "(N, *); (N, C, H, W) for cutmix", "samples, floating"),
    Argument("targets", "(N, *)", "what the criterion wants"),
)


def _mixed(name: str) -> str:
    return f"""import torch
from losslint.losses.training import {name}, mixed_loss
from torch import nn

model = nn.Sequential(nn.Flatten(), nn.Linear(192, 5))
criterion = nn.CrossEntropyLoss()
mixed = {name}(torch.rand(8, 3, 8, 8), torch.randint(5, (8,)))
loss = mixed_loss(criterion, model(mixed.inputs), mixed)
loss.backward()
"""


ENTRIES = (
    Entry(
        "distillation",
        _GROUP,
        "brings a student's probabilities to a teacher's",
        _PACKAGE + "distillation_loss",
        None,
        "T^2 KL(softmax(t / T) || softmax(s / T))",
        (
            Argument("student_logits", "(N, C, *)", "logits, floating"),
            Argument("teacher_logits", "as student_logits", "logits; they get no gradient"),
        ),
        "A small network is to learn from a large one, or from an ensemble. Add some cross entropy "
        "with the labels.",
        "The outputs are quantities: mse. They are features: perceptual, cosine-embedding.",
        """import torch
from losslint.losses.training import distillation_loss
from torch.nn.functional import cross_entropy

student = torch.randn(8, 5, requires_grad=True)
teacher, labels = torch.randn(8, 5), torch.randint(5, (8,))
loss = 0.9 * distillation_loss(student, teacher, temperature=4.0)
loss = loss + 0.1 * cross_entropy(student, labels)
loss.backward()
""",
        ("Hinton et al., Distilling the Knowledge in a Neural Network, 2015, arXiv:1503.02531",),
    ),
    Entry(
        "mixup",
        _GROUP,
        "trains on mixtures of two samples",
        _PACKAGE + "mixup",
        None,
        "x = l x_i + (1 - l) x_j,  loss = l L(p, y_i) + (1 - l) L(p, y_j),  l from Beta(a, a)",
        _BATCH,
        "A classifier of images, sounds or rows of a table is too sure of itself.",
        "The place of things matters, as in detection. With class weights the loss is not that of "
        "the mixed targets: see mixed_loss.",
        _mixed("mixup"),
        ("Zhang et al., mixup, 2018, arXiv:1710.09412",),
    ),
    Entry(
        "cutmix",
        _GROUP,
        "trains on images with a rectangle of another one",
        _PACKAGE + "cutmix",
        None,
        "loss = l L(p, y_i) + (1 - l) L(p, y_j),  l: the share of the pixels that remain",
        _BATCH,
        "As mixup, for images: what is seen stays natural, and place counts.",
        "What decides is small: the rectangle may be all there is of it; mixup.",
        _mixed("cutmix"),
        ("Yun et al., CutMix, 2019, arXiv:1905.04899",),
    ),
    Entry(
        "custom",
        _GROUP,
        "a template for a loss of your own, on the example of the Cauchy loss",
        _PACKAGE + "template.custom_loss",
        _PACKAGE + "template.CustomLoss",
        "c^2 / 2 log(1 + ((x - y) / c)^2)",
        (
            Argument("input", "any", "predictions, floating"),
            Argument("target", "as input", "quantities, no broadcasting"),
            Argument("mask", "as input", "optional, torch.bool: True where an element counts"),
        ),
        "No loss here fits. `losslint losses copy custom` prints a file to change: it checks its "
        "arguments, is safe in half precision and with masks, and says why at each step.",
        "A loss here fits: it is tested.",
        """import torch
from losslint.losses.training.template import CustomLoss

criterion = CustomLoss(scale=0.5)
prediction = torch.rand(8, requires_grad=True)
loss = criterion(prediction, torch.rand(8))
loss.backward()
""",
        ("Barron, A General and Adaptive Robust Loss Function, 2019, arXiv:1701.03077",),
    ),
)
