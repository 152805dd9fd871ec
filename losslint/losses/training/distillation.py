"""Learning from the probabilities of another network."""

from __future__ import annotations

import torch
from torch import Tensor

from losslint.losses._contract import (
    Reduction,
    check_dimensions,
    check_floating,
    check_number,
    check_reduction,
    check_same_device,
    check_same_shape,
    promote,
    reduce,
)


def distillation_loss(
    student_logits: Tensor,
    teacher_logits: Tensor,
    *,
    temperature: float = 4.0,
    reduction: Reduction = "mean",
) -> Tensor:
    r"""Brings a student's probabilities to a teacher's, both softened.

    .. math:: \ell = \tau^2 \sum_c p_c \log \frac{p_c}{q_c}, \qquad
              p = \mathrm{softmax}(t / \tau), \quad q = \mathrm{softmax}(s / \tau)

    with :math:`t` the teacher's logits and :math:`s` the student's. The factor :math:`\tau^2`
    keeps the gradient as large as without a temperature, so that its weight beside the loss of the
    labels need not be tuned anew::

        loss = 0.9 * distillation_loss(student, teacher) + 0.1 * F.cross_entropy(student, labels)

    Args:
        student_logits: shape (N, C, *).
        teacher_logits: shape (N, C, *); no gradient goes into them. A class at -inf does not
            count; where the student has it there, too, it changes nothing.
        temperature: :math:`\tau`, above 0; 2 to 20 in the paper.
        reduction: ``"mean"`` over all but the classes, ``"sum"`` or ``"none"``.

    Returns:
        At least 0; a number, or for ``"none"`` shape (N, *); float32 for half precision.

    Raises:
        TypeError, ValueError: for an argument of the wrong type, shape, device or range.

    Reference: Hinton et al., Distilling the Knowledge in a Neural Network, 2015.

    >>> student = torch.tensor([[2.0, 0.0]])
    >>> distillation_loss(student, student)
    tensor(0.)
    """
    check_floating("student_logits", student_logits)
    check_floating("teacher_logits", teacher_logits)
    check_dimensions("student_logits", student_logits, "(N, C, *)", at_least=2)
    check_same_shape("teacher_logits", teacher_logits, "student_logits", student_logits)
    check_same_device("teacher_logits", teacher_logits, "student_logits", student_logits)
    check_number("temperature", temperature, above=0)
    check_reduction(reduction)
    student = (promote(student_logits) / temperature).log_softmax(1)
    teacher = (promote(teacher_logits.detach()) / temperature).log_softmax(1)
    divergence = torch.nn.functional.kl_div(student, teacher, reduction="none", log_target=True)
    # A class that the teacher masks out has the probability 0, and 0 log 0 is 0.
    divergence = divergence.masked_fill(teacher == -torch.inf, 0)
    return reduce(temperature**2 * divergence.sum(1), reduction)
