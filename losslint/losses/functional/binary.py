"""Losses over independent sigmoids: binary and multi-label classification, dense detection."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid, softplus

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
    promoted_dtype,
)
from losslint.losses.functional._elementwise import elementwise
from losslint.losses.functional._fused import piece_size, spans
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

    is_hard = _is_hard(labels)
    if not is_hard:
        check_values("target", labels, at_least=0, at_most=1)
    focal: _SoftFocal | _HardFocal = _HardFocal(gamma, alpha)
    if label_smoothing or not is_hard:
        focal = _SoftFocal(gamma, alpha, label_smoothing)
    divisor = None
    if normalizer == "positives":
        divisor = labels.sum(dtype=promoted_dtype(input)).clamp_min(1)
    return elementwise(
        focal.loss,
        logits,
        labels,
        with_slope=focal.with_slope,
        mask=mask,
        divisor=divisor,
        reduction=reduction,
    )


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

    check_values("target", labels, at_least=0, at_most=1)
    asymmetric = _Asymmetric(gamma_pos, gamma_neg, clip)
    return elementwise(
        asymmetric.loss,
        logits,
        labels,
        with_slope=asymmetric.with_slope,
        mask=mask,
        reduction=reduction,
    )


class _SoftFocal:
    """The loss of labels that may be anything from 0 to 1."""

    def __init__(self, gamma: float, alpha: float | None, smoothing: float) -> None:
        self.gamma, self.smoothing = gamma, smoothing
        self.positive, self.negative = _weights(alpha)

    def loss(self, logit: Tensor, label: Tensor) -> Tensor:
        label = label * (1 - self.smoothing) + self.smoothing / 2
        log_p, log_q = logsigmoid(logit), logsigmoid(-logit)
        # A power by its logarithm has no infinite derivative at 0.
        positive = -label * log_p * (self.gamma * log_q).exp()
        negative = (label - 1) * log_q * (self.gamma * log_p).exp()
        return self.positive * positive + self.negative * negative

    def with_slope(self, logit: Tensor, label: Tensor) -> tuple[Tensor, Tensor]:
        label = label * (1 - self.smoothing) + self.smoothing / 2
        nll_p, nll_q = _both_nll(logit)
        p, q = logit.sigmoid(), logit.neg().sigmoid_()
        positive = (nll_q * -self.gamma).exp_().mul_(label).mul_(self.positive)
        negative = (nll_p * -self.gamma).exp_().mul_(1 - label).mul_(self.negative)
        slope = (nll_q * q).mul_(self.gamma).add_(p).mul_(negative)
        slope.sub_((nll_p * p).mul_(self.gamma).add_(q).mul_(positive))
        return positive.mul_(nll_p).addcmul_(negative, nll_q), slope


class _HardFocal:
    """The loss of labels that are 0 or 1: half the work, as one term is 0."""

    def __init__(self, gamma: float, alpha: float | None) -> None:
        self.gamma = gamma
        self.positive, self.negative = _weights(alpha)

    def loss(self, logit: Tensor, label: Tensor) -> Tensor:
        right = logit * (2 * label - 1)
        if self.gamma == 2:
            power = right.neg().sigmoid().square()
        else:
            # By the logarithm, so that it has no infinite derivative at 0.
            power = (self.gamma * logsigmoid(-right)).exp()
        weight = label * (self.positive - self.negative) + self.negative
        return -logsigmoid(right) * power * weight

    def with_slope(self, logit: Tensor, label: Tensor) -> tuple[Tensor, Tensor]:
        # Towards the other label: times 1 - 2 label.
        wrong = torch.addcmul(logit, logit, label, value=-2)
        # By default it takes a shortcut from 20 on, which is not exact in float64.
        nll = softplus(wrong, threshold=40)
        power = None if self.gamma == 2 else (wrong - nll).mul_(self.gamma).exp_()
        p = wrong.sigmoid_()
        # Minus what a positive weighs, plus what a negative does: the slope has that sign.
        signed = label.new_full((), self.negative).sub(label, alpha=self.positive + self.negative)
        signed = signed.mul_(p).mul_(p) if power is None else signed.mul_(power)
        slope = p.add_(torch.addcmul(nll, p, nll, value=-1), alpha=self.gamma).mul_(signed)
        return nll.mul_(signed).abs_(), slope


class _Asymmetric:
    """The loss of labels from 0 to 1, each side with its own power."""

    def __init__(self, gamma_pos: float, gamma_neg: float, clip: float) -> None:
        self.gamma_pos, self.gamma_neg, self.clip = gamma_pos, gamma_neg, clip

    def loss(self, logit: Tensor, label: Tensor) -> Tensor:
        positive = -logsigmoid(logit)
        if self.gamma_pos:
            positive = positive * (self.gamma_pos * logsigmoid(-logit)).exp()
        if self.clip:
            shifted = (logit.sigmoid() - self.clip).clamp_min(0)
            negative = -torch.log1p(-shifted)
            if self.gamma_neg:
                # At 0 a power below 1 has an infinite derivative, and infinity times 0 is NaN.
                tiny = torch.finfo(shifted.dtype).tiny
                negative = negative * shifted.clamp_min(tiny) ** self.gamma_neg
        else:
            negative = -logsigmoid(-logit)
            if self.gamma_neg:
                negative = negative * (self.gamma_neg * logsigmoid(logit)).exp()
        return label * positive + (1 - label) * negative

    def with_slope(self, logit: Tensor, label: Tensor) -> tuple[Tensor, Tensor]:
        nll_p, nll_q = _both_nll(logit)
        p, q = logit.sigmoid(), logit.neg().sigmoid_()
        if self.clip:
            negative, rise = self._clipped(p, q)
        else:
            negative, rise = _weighed_down(nll_q, p, q, nll_p, self.gamma_neg)
        positive, fall = _weighed_down(nll_p, q, p, nll_q, self.gamma_pos)
        slope = rise.addcmul_(label, fall.add_(rise), value=-1)
        return torch.addcmul(negative, label, positive.sub(negative)), slope

    def _clipped(self, p: Tensor, q: Tensor) -> tuple[Tensor, Tensor]:
        """The loss of the negative class under the shift, and its derivative by the logit."""
        shifted = (p - self.clip).clamp_min_(0)
        nll = shifted.neg().log1p_().neg_()
        # torch has fast ways for 2 and 3, and a slow one for all others.
        four = self.gamma_neg == 4
        power = shifted.square().square_() if four else shifted**self.gamma_neg
        divisor = shifted.clamp_min(torch.finfo(shifted.dtype).tiny)
        steep = (1 - shifted).reciprocal_().addcdiv_(nll, divisor, value=self.gamma_neg)
        # 0 where the shift left nothing: 0 / tiny, else 1.
        is_left = shifted.div_(divisor)
        return nll.mul_(power), steep.mul_(power).mul_(p).mul_(q).mul_(is_left)


def _weighed_down(
    nll: Tensor, wrong: Tensor, right: Tensor, nll_of_wrong: Tensor, gamma: float
) -> tuple[Tensor, Tensor]:
    """``nll * wrong ** gamma``, and how steep it is in the logit."""
    if not gamma:
        return nll, wrong.clone()
    power = (nll_of_wrong * -gamma).exp_()
    steep = (nll * right).mul_(gamma).add_(wrong).mul_(power)
    return power.mul_(nll), steep


def _both_nll(logit: Tensor) -> tuple[Tensor, Tensor]:
    """The negative log-probability of either class: the softplus of minus the logit, and of it."""
    rounding = logit.abs().neg_().exp_().log1p_()
    return rounding - logit.clamp_max(0), rounding + logit.clamp_min(0)


def _weights(alpha: float | None) -> tuple[float, float]:
    """What positives and negatives weigh."""
    return (1.0, 1.0) if alpha is None else (alpha, 1 - alpha)


def _is_hard(labels: Tensor) -> bool:
    """Whether all labels are known to be 0 or 1; those that cannot be read are, if no floats."""
    if labels.dtype == torch.bool or not can_read(labels):
        return not labels.is_floating_point()
    size = piece_size(labels) // 4
    if labels.numel() <= size:
        return _is_0_or_1(labels)
    flat = labels.reshape(-1)
    return all(_is_0_or_1(flat[piece]) for piece in spans(flat.numel(), size))


def _is_0_or_1(labels: Tensor) -> bool:
    if labels.numel() == 0:
        return True
    # Of any other number, however near to 0 or 1, what is left does not round to 0.
    lowest, highest = torch.addcmul(labels, labels, labels, value=-1).aminmax()
    return lowest.item() == highest.item() == 0


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
    return masked_out(input, mask), masked_out(target, mask)
