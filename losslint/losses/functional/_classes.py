"""The arguments of losses over one softmax: logits, class indices, what is ignored."""

from __future__ import annotations

from torch import Tensor

from losslint.losses._contract import (
    Reduction,
    check_class_indices,
    check_dimensions,
    check_floating,
    check_reduction,
    check_same_device,
    check_shape,
    check_tensor,
    reduce,
)
from losslint.losses.functional._target_nll import target_nll


class ClassTarget:
    """Class indices, with 0 where a position is ignored.

    Attributes:
        index: shape (N, *), torch.int64.
        ignored: True where a position does not count, or None if all do.
    """

    def __init__(self, index: Tensor, ignored: Tensor | None) -> None:
        self.index = index
        self.ignored = ignored

    def nll(self, input: Tensor) -> Tensor:
        """The negative log-probability of the target class, 0 where it is ignored."""
        return target_nll(input, self.index, self.ignored)

    def of_class(self, values: Tensor) -> Tensor:
        """The value of the target's class at each position, 0 where it is ignored."""
        return self.without_ignored(values[self.index])

    def without_ignored(self, losses: Tensor) -> Tensor:
        """The losses, 0 where they are ignored."""
        return losses if self.ignored is None else losses.masked_fill(self.ignored, 0.0)

    def count(self) -> Tensor | None:
        """How many positions count, or None for all."""
        return None if self.ignored is None else (~self.ignored).sum()

    def reduce(self, losses: Tensor, weight: Tensor | None, reduction: Reduction) -> Tensor:
        """Weighs by class and reduces as cross entropy does: a mean divides by the weights."""
        if weight is None:
            return reduce(losses, reduction, self.count())
        weights = self.of_class(weight.to(losses.dtype))
        return reduce(losses * weights, reduction, weights.sum())


def class_target(
    input: Tensor, target: Tensor, ignore_index: int, reduction: Reduction
) -> ClassTarget:
    """Checks what all losses over a softmax are given."""
    check_floating("input", input)
    check_tensor("target", target)
    check_dimensions("input", input, "(N, C) or (N, C, *)", at_least=2)
    check_same_device("target", target, "input", input)
    may_ignore = check_class_indices("target", target, input.shape[1], ignore_index)
    wanted = (input.shape[0], *input.shape[2:])
    check_shape("target", target, wanted, "that of `input` without its class dimension, 1")
    check_reduction(reduction)
    index = target.long()
    if not may_ignore:
        return ClassTarget(index, None)
    ignored = index == ignore_index
    return ClassTarget(index.masked_fill(ignored, 0), ignored)
