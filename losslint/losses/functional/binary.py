"""Losses over independent sigmoids: binary and multi-label classification, dense detection."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from losslint.losses._contract import (
    Reduction,
    can_read,
    check_choice,
    check_floating,
    check_mask,
    check_number,
    check_real,
    check_reduction,
    check_same_device,
    check_same_shape,
    check_values,
    masked_out,
    reduce,
)
from losslint.losses.functional._elementwise import elementwise
from losslint.losses.functional.classification import Normalizer


def binary_focal_loss(
    input: Tensor,
    target: Tensor,
    *,
    gamma: float = 2.0,
    alpha: float | None = 0.25,
    label_smoothing: float = 0.0,
    mask: Tensor | None = None,
    normalizer: Normalizer = "valid",
    reduction: Reduction = "mean",
) -> Tensor:
    r"""Binary cross entropy that looks away from what is right already.

    .. math::
        \ell = -\alpha\, y\, (1 - p)^\gamma \log p - (1 - \alpha) (1 - y)\, p^\gamma \log (1 - p)

    with p the sigmoid of the logit. With gamma 0 and alpha None it is
    :func:`torch.nn.functional.binary_cross_entropy_with_logits`.

    Args:
        input: logits, any shape: one a label or anchor.
        target: 0 or 1, or a probability between them; the same shape, of any type.
        gamma: how far it looks away, at least 0; 2 in the paper. Above 0 the gradient of a
            confident right prediction falls to 0.
        alpha: the weight of the positive class in [0, 1]; the negative one has 1 - alpha. 0.25 in
            the paper, where it goes with gamma 2; None weighs both 1.
        label_smoothing: how much of the target is moved to one half, in [0, 1].
        mask: torch.bool, the same shape; False where an element does not count.
        normalizer: what the mean divides by: the number of elements that count, or
            ``"positives"``, the sum of their targets, at least 1, as RetinaNet does.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Returns:
        At least 0; a number, or for ``"none"`` the input's shape; float32 for half precision.

    Raises:
        TypeError, ValueError: for an argument of the wrong type, shape, device or range.

    Reference: Lin et al., Focal Loss for Dense Object Detection, 2017.

    >>> binary_focal_loss(torch.tensor([4.0, 0.0]), torch.tensor([1, 0]), reduction="none")
    tensor([1.4679e-06, 1.2997e-01])
    """
    logits, labels = _checked(input, target, mask, reduction)
    check_number("gamma", gamma, at_least=0)
    if alpha is not None:
        check_number("alpha", alpha, at_least=0, at_most=1)
    check_number("label_smoothing", label_smoothing, at_least=0, at_most=1)
    check_choice("normalizer", normalizer, ("valid", "positives"))

    if label_smoothing or not _is_hard(labels):
        soft = _SoftFocal(gamma, alpha, label_smoothing)
        losses = elementwise(soft.loss, logits, labels)
    else:
        hard = _HardFocal(gamma, alpha)
        losses = elementwise(hard.loss, logits, labels, hard.slope)
    losses = masked_out(losses, mask)
    if normalizer == "positives":
        return reduce(losses, reduction, labels.sum(dtype=losses.dtype).clamp_min(1))
    return reduce(losses, reduction, None if mask is None else mask.sum())


def asymmetric_loss(
    input: Tensor,
    target: Tensor,
    *,
    gamma_neg: float = 4.0,
    gamma_pos: float = 0.0,
    clip: float = 0.05,
    mask: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    r"""Focal loss that looks away from easy negatives only, for many labels of which few are set.

    .. math::
        \ell = -y (1 - p)^{\gamma_+} \log p - (1 - y)\, p_m^{\gamma_-} \log (1 - p_m), \quad
        p_m = \max(p - m, 0)

    with p the sigmoid of the logit. The probability of a negative is shifted down by m, so that one
    that is sure enough has no gradient at all; nor has one that is hopelessly wrong, which is
    most often a wrong label.

    Args:
        input: logits, any shape.
        target: 0 or 1, or a probability between them; the same shape, of any type.
        gamma_neg: how far it looks away from negatives, at least 0; 4 in the paper.
        gamma_pos: the same for positives, at most gamma_neg to make sense; 0 in the paper.
        clip: the shift m, in [0, 1); 0.05 in the paper.
        mask: torch.bool, the same shape; False where an element does not count.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``. The paper's code sums, which asks for
            another learning rate.

    Returns:
        At least 0; a number, or for ``"none"`` the input's shape; float32 for half precision.

    Raises:
        TypeError, ValueError: for an argument of the wrong type, shape, device or range.

    Reference: Ridnik et al., Asymmetric Loss for Multi-Label Classification, 2021.
    """
    logits, labels = _checked(input, target, mask, reduction)
    check_number("gamma_neg", gamma_neg, at_least=0)
    check_number("gamma_pos", gamma_pos, at_least=0)
    check_number("clip", clip, at_least=0, below=1)

    def asymmetric(logit: Tensor, label: Tensor) -> Tensor:
        positive = -logsigmoid(logit)
        if gamma_pos:
            positive = positive * (gamma_pos * logsigmoid(-logit)).exp()
        if clip:
            shifted = (logit.sigmoid() - clip).clamp_min(0)
            negative = -torch.log1p(-shifted)
            if gamma_neg:
                # At 0 a power below 1 has an infinite derivative, and infinity times 0 is NaN.
                tiny = torch.finfo(shifted.dtype).tiny
                negative = negative * shifted.clamp_min(tiny) ** gamma_neg
        else:
            negative = -logsigmoid(-logit)
            if gamma_neg:
                negative = negative * (gamma_neg * logsigmoid(logit)).exp()
        return label * positive + (1 - label) * negative

    losses = masked_out(elementwise(asymmetric, logits, labels), mask)
    return reduce(losses, reduction, None if mask is None else mask.sum())


class _SoftFocal:
    """The loss of labels that may be anything from 0 to 1."""

    def __init__(self, gamma: float, alpha: float | None, smoothing: float) -> None:
        self.gamma, self.smoothing = gamma, smoothing
        self.positive, self.negative = (1.0, 1.0) if alpha is None else (alpha, 1 - alpha)

    def loss(self, logit: Tensor, label: Tensor) -> Tensor:
        label = label * (1 - self.smoothing) + self.smoothing / 2
        log_p, log_q = logsigmoid(logit), logsigmoid(-logit)
        # A power by its logarithm has no infinite derivative at 0.
        positive = -label * log_p * (self.gamma * log_q).exp()
        negative = (label - 1) * log_q * (self.gamma * log_p).exp()
        return self.positive * positive + self.negative * negative


class _HardFocal:
    """The loss of labels that are 0 or 1: half the work, as one term is 0."""

    def __init__(self, gamma: float, alpha: float | None) -> None:
        self.gamma = gamma
        self.positive, self.negative = (1.0, 1.0) if alpha is None else (alpha, 1 - alpha)

    def loss(self, logit: Tensor, label: Tensor) -> Tensor:
        right = logit * (2 * label - 1)
        return -logsigmoid(right) * self._power(right) * self._weight(label)

    def slope(self, logit: Tensor, label: Tensor) -> Tensor:
        sign = 2 * label - 1
        right = logit * sign
        wrong = right.neg().sigmoid_()
        steep = torch.addcmul(wrong, 1 - wrong, logsigmoid(right), value=-self.gamma)
        return steep.mul_(self._power(right)).mul_(self._weight(label)).mul_(-sign)

    def _power(self, right: Tensor) -> Tensor:
        """The probability of the other label, to the power gamma."""
        if self.gamma == 2:
            return right.neg().sigmoid().square()
        # By the logarithm, so that it has no infinite derivative at 0.
        return (self.gamma * logsigmoid(-right)).exp()

    def _weight(self, label: Tensor) -> Tensor:
        return label * (self.positive - self.negative) + self.negative


def _is_hard(labels: Tensor) -> bool:
    """Whether all labels are known to be 0 or 1."""
    if not labels.is_floating_point():
        return True
    return can_read(labels) and bool(((labels == 0) | (labels == 1)).all())


def _checked(
    input: Tensor, target: Tensor, mask: Tensor | None, reduction: Reduction
) -> tuple[Tensor, Tensor]:
    """The input and target, checked, with 0 where the mask is False, whatever stood there."""
    check_floating("input", input)
    check_real("target", target)
    check_same_shape("target", target, "input", input)
    check_same_device("target", target, "input", input)
    check_reduction(reduction)
    if mask is not None:
        check_mask("mask", mask, "input", input)
    labels = masked_out(target, mask)
    check_values("target", labels, at_least=0, at_most=1)
    return masked_out(input, mask), labels
