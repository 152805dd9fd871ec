"""Training on mixtures of two samples, with the loss that belongs to them."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from losslint.losses._contract import (
    check_dimensions,
    check_floating,
    check_number,
    check_same_device,
    check_tensor,
    describe,
    fail,
)


@dataclass(frozen=True)
class Mixed:
    """A mixed batch.

    Attributes:
        inputs: what the network is to see, the shape of the batch.
        targets: the targets of the samples that weigh ``share``.
        other_targets: those of the samples mixed in.
        share: how much the first weigh, in [0, 1].
    """

    inputs: Tensor
    targets: Tensor
    other_targets: Tensor
    share: float


def mixup(
    inputs: Tensor,
    targets: Tensor,
    *,
    alpha: float = 0.2,
    generator: torch.Generator | None = None,
) -> Mixed:
    r"""Mixes each sample of a batch with another one.

    .. math:: \tilde x = \lambda x_i + (1 - \lambda) x_j, \qquad
              \lambda \sim \mathrm{Beta}(\alpha, \alpha)

    with one :math:`\lambda` a batch, as in the authors' code. Train with :func:`mixed_loss`::

        mixed = mixup(images, labels)
        loss = mixed_loss(criterion, model(mixed.inputs), mixed)

    The accuracy on mixed batches says little; measure it on plain ones.

    Args:
        inputs: floating-point samples, shape (N, *).
        targets: what the criterion wants, shape (N, *).
        alpha: how much is mixed, above 0; 0.1 to 0.4 in the paper for ImageNet, 1 for CIFAR-10.
        generator: where the chance comes from, on the CPU; by default torch's own.

    Raises:
        TypeError, ValueError: for an argument of the wrong type, shape, device or range.

    Reference: Zhang et al., mixup: Beyond Empirical Risk Minimization, 2018.
    """
    _check_batch(inputs, targets, at_least=1, shape="(N, *)")
    share, order = _chance(inputs, alpha, generator)
    mixed = torch.lerp(inputs[order], inputs, share)
    return Mixed(mixed, targets, targets[order], share)


def cutmix(
    inputs: Tensor,
    targets: Tensor,
    *,
    alpha: float = 1.0,
    generator: torch.Generator | None = None,
) -> Mixed:
    r"""Replaces a rectangle of each image of a batch by that of another one.

    The rectangle has :math:`1 - \lambda` of the area, with :math:`\lambda \sim
    \mathrm{Beta}(\alpha, \alpha)`, the image's proportions and a uniform centre, and is cut off at
    the edges; the share of the targets is that of the pixels that remain. One rectangle a batch.
    Train with :func:`mixed_loss`, as for :func:`mixup`.

    Args:
        inputs: images, shape (N, C, H, W); not changed.
        targets: what the criterion wants of whole images, shape (N, *).
        alpha: the larger, the more often about half is replaced; above 0, and 1 in the paper.
        generator: where the chance comes from, on the CPU; by default torch's own.

    Raises:
        TypeError, ValueError: for an argument of the wrong type, shape, device or range.

    Reference: Yun et al., CutMix: Regularization Strategy to Train Strong Classifiers with
    Localizable Features, 2019.
    """
    _check_batch(inputs, targets, at_least=4, shape="(N, C, H, W)")
    if inputs.dim() != 4:
        fail("inputs", "of shape (N, C, H, W)", describe(inputs))
    share, order = _chance(inputs, alpha, generator)
    height, width = inputs.shape[2:]
    side = (1 - share) ** 0.5
    rows = _centred(height, side, generator)
    columns = _centred(width, side, generator)
    mixed = inputs.clone()
    mixed[:, :, rows, columns] = inputs[order][:, :, rows, columns]
    replaced = (rows.stop - rows.start) * (columns.stop - columns.start)
    return Mixed(mixed, targets, targets[order], 1 - replaced / (height * width))


def mixed_loss(
    criterion: Callable[[Tensor, Tensor], Tensor], prediction: Tensor, mixed: Mixed
) -> Tensor:
    r"""The criterion of a mixed batch.

    .. math:: \lambda\, \ell(p, y) + (1 - \lambda)\, \ell(p, \tilde y)

    with :math:`y` the targets of a batch, :math:`\tilde y` those mixed in and :math:`\lambda` the
    share of the first. For a plain cross entropy this is the cross entropy of the mixed one-hot
    targets. **With class weights and the reduction "mean" it is not**: each of the two means is
    divided by the sum of the weights of its own targets, so that a rare class in one half counts
    in relation to that half only. Where that matters, pass a criterion with ``reduction="sum"``
    and divide by the number of samples.

    Args:
        criterion: takes the prediction and targets of one batch, and gives a scalar or one loss a
            sample.
        prediction: what the network gave for ``mixed.inputs``.
        mixed: the batch, of :func:`mixup` or :func:`cutmix`.
    """
    first = criterion(prediction, mixed.targets)
    second = criterion(prediction, mixed.other_targets)
    return mixed.share * first + (1 - mixed.share) * second


def _chance(
    inputs: Tensor, alpha: float, generator: torch.Generator | None
) -> tuple[float, Tensor]:
    """The share of the first sample, and the order of the second ones."""
    check_number("alpha", alpha, above=0)
    # torch's own Beta distribution takes no generator, and on CUDA would wait for the device.
    seed = int(torch.randint(2**62, (), generator=generator))
    share = random.Random(seed).betavariate(alpha, alpha)
    order = torch.randperm(inputs.shape[0], generator=generator)
    return share, order.to(inputs.device)


def _centred(length: int, side: float, generator: torch.Generator | None) -> slice:
    centre = int(torch.randint(length, (), generator=generator))
    half = int(length * side) // 2
    return slice(max(centre - half, 0), min(centre + half, length))


def _check_batch(inputs: Tensor, targets: Tensor, *, at_least: int, shape: str) -> None:
    check_floating("inputs", inputs)
    check_dimensions("inputs", inputs, shape, at_least=at_least)
    check_tensor("targets", targets)
    if targets.dim() == 0 or targets.shape[0] != inputs.shape[0]:
        fail("targets", f"of {inputs.shape[0]} samples, as `inputs` is", describe(targets))
    check_same_device("targets", targets, "inputs", inputs)
