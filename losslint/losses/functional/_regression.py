"""The arguments of regression losses."""

from __future__ import annotations

from torch import Tensor

from losslint.losses._contract import (
    Reduction,
    check_floating,
    check_mask,
    check_real,
    check_reduction,
    check_same_device,
    check_same_shape,
    check_values,
    masked_out,
)


def check_pair(
    input: Tensor, target: Tensor, weight: Tensor | None, mask: Tensor | None, reduction: Reduction
) -> tuple[Tensor, Tensor]:
    """The input and target, checked, with 0 where the mask is False, whatever stood there."""
    check_floating("input", input)
    check_real("target", target)
    check_same_shape("target", target, "input", input)
    check_same_device("target", target, "input", input)
    check_reduction(reduction)
    check_weight(weight, input)
    if mask is not None:
        check_mask("mask", mask, "input", input)
    return masked_out(input, mask), masked_out(target, mask)


def check_weight(weight: Tensor | None, like: Tensor) -> None:
    """Checks a non-negative weight for each element."""
    if weight is None:
        return
    check_floating("weight", weight)
    check_same_shape("weight", weight, "input", like)
    check_same_device("weight", weight, "input", like)
    check_values("weight", weight, at_least=0)
