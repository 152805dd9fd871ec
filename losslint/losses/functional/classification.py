"""Losses over one softmax: each position belongs to one class."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from losslint.losses._contract import (
    Reduction,
    check_choice,
    check_class_weights,
    check_number,
    check_real,
    check_same_device,
    check_shape,
    check_values,
    promote,
    reduce,
)
from losslint.losses.functional._classes import ClassTarget, class_target

Normalizer = Literal["valid", "positives"]


def focal_loss(
    input: Tensor,
    target: Tensor,
    *,
    gamma: float = 2.0,
    alpha: Tensor | None = None,
    label_smoothing: float = 0.0,
    ignore_index: int = -100,
    normalizer: Normalizer = "valid",
    reduction: Reduction = "mean",
) -> Tensor:
    r"""Cross entropy that looks away from what is right already, for imbalanced classes.

    .. math:: \ell = -\alpha_t (1 - p_t)^\gamma \log p_t

    with :math:`p_t` the softmax probability of the target class. With gamma 0 and no alpha it is
    :func:`torch.nn.functional.cross_entropy`. With label smoothing it is the sum of the formula
    over the classes, weighted by the smoothed target.

    Args:
        input: logits, shape (N, C, *).
        target: class indices, shape (N, *).
        gamma: how far it looks away, at least 0; 2 in the paper. Above 0 the gradient of a
            confident right prediction falls to 0.
        alpha: one weight a class, shape (C,), as :func:`losslint.losses.weights.class_weights`
            makes them. The mean does not divide by them.
        label_smoothing: how much of the target is spread evenly over all classes, in [0, 1].
        ignore_index: the target of positions that do not count.
        normalizer: what the mean divides by: the number of positions that count, or
            ``"positives"``, of those the ones that are not of class 0, the background; at least 1.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Returns:
        At least 0; a number, or for ``"none"`` shape (N, *); float32 for half precision.

    Raises:
        TypeError, ValueError: for an argument of the wrong type, shape, device or range.

    Reference: Lin et al., Focal Loss for Dense Object Detection, 2017.

    >>> logits = torch.tensor([[4.0, 0.0], [0.0, 0.0]])
    >>> focal_loss(logits, torch.tensor([0, 1]), reduction="none")
    tensor([5.8716e-06, 1.7329e-01])
    """
    checked = class_target(input, target, ignore_index, reduction)
    check_number("gamma", gamma, at_least=0)
    check_class_weights("alpha", alpha, input.shape[1], input)
    check_number("label_smoothing", label_smoothing, at_least=0, at_most=1)
    check_choice("normalizer", normalizer, ("valid", "positives"))
    divisor = None
    if normalizer == "positives":
        # An ignored position has index 0, and is none.
        divisor = (checked.index != 0).sum().clamp_min(1)
    focal = _Focal(gamma)
    if not label_smoothing:
        return checked.loss(focal, input, factor=alpha, divisor=divisor, reduction=reduction)
    terms = focal.loss(-promote(input).log_softmax(1))
    if alpha is not None:
        terms = terms * _along_classes(alpha, terms)
    if divisor is None:
        divisor = checked.count()
    return reduce(_smoothed(terms, checked, label_smoothing), reduction, divisor)


def logit_adjusted_cross_entropy(
    input: Tensor,
    target: Tensor,
    *,
    class_counts: Tensor,
    tau: float = 1.0,
    label_smoothing: float = 0.0,
    ignore_index: int = -100,
    reduction: Reduction = "mean",
) -> Tensor:
    r"""Cross entropy that knows how frequent the classes are, for long tails and balanced error.

    .. math:: \ell = -\log \mathrm{softmax}(x + \tau \log \pi)_t

    with :math:`\pi` the share of each class in the training data. At test time take the logits as
    they are: what the shift took on itself the logits no longer hold.

    Args:
        input: logits, shape (N, C, *).
        target: class indices, shape (N, *).
        class_counts: how often each class occurs in the training data, shape (C,), all above 0.
        tau: how much of the imbalance is undone; 1 in the paper, 0 gives cross entropy.
        label_smoothing: how much of the target is spread evenly over all classes, in [0, 1].
        ignore_index: the target of positions that do not count.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Returns:
        At least 0; a number, or for ``"none"`` shape (N, *); float32 for half precision.

    Raises:
        TypeError, ValueError: for an argument of the wrong type, shape, device or range.

    Reference: Menon et al., Long-Tail Learning via Logit Adjustment, 2021.
    """
    checked = class_target(input, target, ignore_index, reduction)
    check_class_counts(class_counts)
    check_shape("class_counts", class_counts, (input.shape[1],), "one count a class")
    check_same_device("class_counts", class_counts, "input", input)
    check_number("tau", tau)
    check_number("label_smoothing", label_smoothing, at_least=0, at_most=1)
    # In float64, where counts of billions are exact.
    share = class_counts.double() / class_counts.double().sum()
    logits = promote(input)
    logits = logits + _along_classes(tau * share.log(), logits)
    if not label_smoothing:
        return checked.loss(_Poly1(0), logits, reduction=reduction)
    losses = _smoothed(-logits.log_softmax(1), checked, label_smoothing)
    return reduce(losses, reduction, checked.count())


def generalized_cross_entropy(
    input: Tensor,
    target: Tensor,
    *,
    q: float = 0.7,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: Reduction = "mean",
) -> Tensor:
    r"""Between cross entropy and the mean absolute error, for labels that may be wrong.

    .. math:: \ell = (1 - p_t^q) / q

    Towards q = 0 it becomes cross entropy, which fits every label; at q = 1 it is 1 - p, which
    gives up on labels that the model finds unlikely. The gradient is that of cross entropy times
    p^q: an example that is hopelessly wrong has none.

    Args:
        input: logits, shape (N, C, *).
        target: class indices, shape (N, *).
        q: in (0, 1]; 0.7 in the paper.
        weight: one weight a class, shape (C,). The mean divides by the weights of the targets.
        ignore_index: the target of positions that do not count.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Returns:
        In [0, 1 / q] without weights; a number, or for ``"none"`` shape (N, *); float32 for half
        precision.

    Raises:
        TypeError, ValueError: for an argument of the wrong type, shape, device or range.

    Reference: Zhang and Sabuncu, Generalized Cross Entropy Loss for Training Deep Neural Networks
    with Noisy Labels, 2018.
    """
    checked = class_target(input, target, ignore_index, reduction)
    check_number("q", q, above=0, at_most=1)
    check_class_weights("weight", weight, input.shape[1], input)
    return checked.loss(_Generalized(q), input, weight=weight, reduction=reduction)


def symmetric_cross_entropy(
    input: Tensor,
    target: Tensor,
    *,
    alpha: float = 0.1,
    beta: float = 1.0,
    log_zero: float = -4.0,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: Reduction = "mean",
) -> Tensor:
    r"""Cross entropy plus its reverse, for labels that may be wrong.

    .. math:: \ell = -\alpha \log p_t - \beta A (1 - p_t)

    The second term is the cross entropy of the label given the prediction, in which the logarithm
    of 0 is the constant A. It learns from labels that the prediction agrees with, the first from
    all.

    Args:
        input: logits, shape (N, C, *).
        target: class indices, shape (N, *).
        alpha: weight of the cross entropy, at least 0; 0.1 in the paper for CIFAR-10, 6 for -100.
        beta: weight of the reverse, at least 0; 1 in the paper for CIFAR-10, 0.1 for -100.
        log_zero: A, below 0; -4 in the paper. Code that clamps the label at 1e-4 has -9.2.
        weight: one weight a class, shape (C,). The mean divides by the weights of the targets.
        ignore_index: the target of positions that do not count.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Returns:
        At least 0; a number, or for ``"none"`` shape (N, *); float32 for half precision.

    Raises:
        TypeError, ValueError: for an argument of the wrong type, shape, device or range.

    Reference: Wang et al., Symmetric Cross Entropy for Robust Learning with Noisy Labels, 2019.
    """
    checked = class_target(input, target, ignore_index, reduction)
    check_number("alpha", alpha, at_least=0)
    check_number("beta", beta, at_least=0)
    check_number("log_zero", log_zero, below=0)
    check_class_weights("weight", weight, input.shape[1], input)
    symmetric = _Poly1(-beta * log_zero, alpha)
    return checked.loss(symmetric, input, weight=weight, reduction=reduction)


def poly1_cross_entropy(
    input: Tensor,
    target: Tensor,
    *,
    epsilon: float = 1.0,
    weight: Tensor | None = None,
    label_smoothing: float = 0.0,
    ignore_index: int = -100,
    reduction: Reduction = "mean",
) -> Tensor:
    r"""Cross entropy with another weight on the first term of its series in 1 - p.

    .. math:: \ell = -\log p_t + \epsilon (1 - p_t)

    Args:
        input: logits, shape (N, C, *).
        target: class indices, shape (N, *).
        epsilon: at least -1, below which the loss falls as a right prediction worsens. 1 is the
            default of the paper's code, 0 gives cross entropy; the paper tunes it, up to 2 for
            image classification, and below 0 for detection.
        weight: one weight a class, shape (C,). The mean divides by the weights of the targets.
        label_smoothing: how much of the target is spread evenly over all classes, in [0, 1].
        ignore_index: the target of positions that do not count.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Returns:
        At least 0; a number, or for ``"none"`` shape (N, *); float32 for half precision.

    Raises:
        TypeError, ValueError: for an argument of the wrong type, shape, device or range.

    Reference: Leng et al., PolyLoss: A Polynomial Expansion Perspective of Classification Loss
    Functions, 2022.
    """
    checked = class_target(input, target, ignore_index, reduction)
    check_number("epsilon", epsilon, at_least=-1)
    check_class_weights("weight", weight, input.shape[1], input)
    check_number("label_smoothing", label_smoothing, at_least=0, at_most=1)
    poly1 = _Poly1(epsilon)
    if not label_smoothing:
        return checked.loss(poly1, input, weight=weight, reduction=reduction)
    terms = poly1.loss(-promote(input).log_softmax(1))
    if weight is None:
        return reduce(_smoothed(terms, checked, label_smoothing), reduction, checked.count())
    terms = terms * _along_classes(weight, terms)
    weights = checked.of_class(weight.to(terms.dtype))
    return reduce(_smoothed(terms, checked, label_smoothing), reduction, weights.sum())


def check_class_counts(class_counts: Tensor) -> None:
    """Checks how often each class occurs."""
    check_real("class_counts", class_counts)
    check_values(
        "class_counts",
        class_counts,
        above=0,
        hint="the logarithm of a class that never occurs is infinite",
    )


class _Focal:
    """``(1 - p) ** gamma * nll``."""

    def __init__(self, gamma: float) -> None:
        self.gamma = gamma

    def loss(self, nll: Tensor) -> Tensor:
        if self.gamma == 0:
            return nll
        if self.gamma == 2:
            return torch.expm1(-nll).square() * nll
        # Of a probability near 1, expm1 keeps the digits that 1 - p would lose.
        return self._safe(-torch.expm1(-nll)) ** self.gamma * nll

    def with_slope(self, log_p: Tensor, p: Tensor, lack: Tensor) -> tuple[Tensor, Tensor]:
        if self.gamma == 0:
            return -log_p, torch.ones_like(p)
        if self.gamma == 2:
            slope = torch.addcmul(lack, p, log_p, value=2).mul_(lack)
            bulk = lack * log_p
            return bulk.addcmul_(p, bulk, value=-1), slope
        wrong = self._safe(-lack)
        power = wrong ** (self.gamma - 1)
        slope = torch.addcmul(wrong, p, log_p, value=-self.gamma).mul_(power)
        return power.mul_(wrong).mul_(log_p).neg_(), slope

    def _safe(self, wrong: Tensor) -> Tensor:
        if self.gamma == int(self.gamma):
            return wrong
        # A power below 1, or its derivatives, are infinite at 0, and infinity times 0 is NaN.
        return wrong.clamp_min(torch.finfo(wrong.dtype).tiny)


class _Generalized:
    """``(1 - p ** q) / q``."""

    def __init__(self, q: float) -> None:
        self.q = q

    def loss(self, nll: Tensor) -> Tensor:
        # 1 - exp(-small) loses all digits; expm1 keeps them.
        return -torch.expm1(-self.q * nll) / self.q

    def with_slope(self, log_p: Tensor, p: Tensor, lack: Tensor) -> tuple[Tensor, Tensor]:
        return self.loss(-log_p), p**self.q


class _Poly1:
    """``scale * nll + epsilon * (1 - p)``."""

    def __init__(self, epsilon: float, scale: float = 1.0) -> None:
        self.epsilon, self.scale = epsilon, scale

    def loss(self, nll: Tensor) -> Tensor:
        return self.scale * nll - self.epsilon * torch.expm1(-nll)

    def with_slope(self, log_p: Tensor, p: Tensor, lack: Tensor) -> tuple[Tensor, Tensor]:
        return -self.scale * log_p - self.epsilon * lack, self.epsilon * p + self.scale


def _smoothed(terms: Tensor, target: ClassTarget, label_smoothing: float) -> Tensor:
    """The terms of all classes, (N, C, *), under a smoothed target."""
    picked = terms.gather(1, target.index.unsqueeze(1)).squeeze(1)
    spread = terms.mean(1)
    return target.without_ignored((1 - label_smoothing) * picked + label_smoothing * spread)


def _along_classes(values: Tensor, input: Tensor) -> Tensor:
    return values.to(input.dtype).view(1, -1, *[1] * (input.dim() - 2))
