"""The arguments of losses over one softmax: logits, class indices, what is ignored."""

from __future__ import annotations

import torch
from torch import Tensor

from losslint.losses._contract import (
    Reduction,
    check_class_indices,
    check_dimensions,
    check_floating,
    check_integer,
    check_integers,
    check_reduction,
    check_same_device,
    check_shape,
    promoted_dtype,
)
from losslint.losses.functional._target_loss import OfNLL, target_loss


class ClassTarget:
    """Class indices, with 0 where a position is ignored.

    Attributes:
        index: shape (N, *), torch.int64.
        ignored: True where a position does not count, or None if all do.
    """

    def __init__(self, index: Tensor, ignored: Tensor | None) -> None:
        self.index = index
        self.ignored = ignored

    def of_class(self, values: Tensor) -> Tensor:
        """The value of the target's class at each position, 0 where it is ignored."""
        return self.without_ignored(values[self.index])

    def without_ignored(self, losses: Tensor) -> Tensor:
        """The losses, 0 where they are ignored."""
        return losses if self.ignored is None else losses.masked_fill(self.ignored, 0.0)

    def count(self) -> Tensor | None:
        """How many positions count, or None for all."""
        return None if self.ignored is None else (~self.ignored).sum()

    def loss(
        self,
        of_nll: OfNLL,
        input: Tensor,
        *,
        factor: Tensor | None = None,
        weight: Tensor | None = None,
        divisor: Tensor | None = None,
        reduction: Reduction,
    ) -> Tensor:
        """A loss of the target's probability, reduced.

        Args:
            of_nll: which.
            input: logits, shape (N, C, *).
            factor: one a class, shape (C,), by which its losses are multiplied.
            weight: the same, and the mean divides by the weights of the targets, as that of
                cross entropy does.
            divisor: what a mean divides by, where that is something else.
            reduction: which.
        """
        dtype = promoted_dtype(input)
        weights = None
        if factor is not None:
            weights = self.of_class(factor.to(dtype))
        if weight is not None:
            weights = self.of_class(weight.to(dtype))
            divisor = weights.sum()
        if divisor is None:
            divisor = self.count()
        return target_loss(of_nll, reduction, input, self.index, self.ignored, weights, divisor)


def class_target(
    input: Tensor, target: Tensor, ignore_index: int, reduction: Reduction
) -> ClassTarget:
    """Checks what all losses over a softmax are given."""
    check_floating("input", input)
    check_integers("target", target)
    check_integer("ignore_index", ignore_index)
    check_dimensions("input", input, "(N, C) or (N, C, *)", at_least=2)
    check_same_device("target", target, "input", input)
    samples, classes, *positions = input.shape
    wanted = (samples, *positions)
    check_shape("target", target, wanted, "that of `input` without its class dimension, 1")
    may_ignore = check_class_indices("target", target, classes, ignore_index)
    check_reduction(reduction)
    index = target if target.dtype == torch.int64 else target.long()
    if not may_ignore:
        return ClassTarget(index, None)
    ignored = index == ignore_index
    return ClassTarget(index.masked_fill(ignored, 0), ignored)
