"""What all losses share: checks of arguments, half precision, masks and reductions.

Values of tensors (a class index out of range, a negative count) are checked on the CPU only: on
other devices reading them would wait for the device, and in a compiled graph it would break the
graph. Shapes, types and devices are checked everywhere.
"""

from __future__ import annotations

from collections.abc import Collection
from numbers import Integral
from typing import Literal, NoReturn

import torch
from torch import Tensor

Reduction = Literal["mean", "sum", "none"]

# In torch 2.2 it is elsewhere.
is_compiling = getattr(torch.compiler, "is_compiling", None) or torch._utils.is_compiling

_INTEGERS = (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8)
_NUMBERS = (int, float)
_REDUCTIONS = ("mean", "sum", "none")
_HALVES = (torch.float16, torch.bfloat16)
_INFINITY = float("inf")


def fail(name: str, wanted: str, got: str) -> NoReturn:
    """Raises the ValueError that all checks raise: the argument, what is wanted, what came."""
    raise ValueError(f"`{name}` must be {wanted}, but is {got}")


def describe(value: object) -> str:
    """How a message names what came: ``torch.int64 of shape (2, 3)``, or the value itself."""
    if isinstance(value, Tensor):
        return f"{value.dtype} of shape {tuple(value.shape)}"
    return f"{type(value).__name__} {value!r}"


def check_tensor(name: str, value: object) -> None:
    """Raises TypeError for what is no tensor."""
    if not isinstance(value, Tensor):
        raise TypeError(f"`{name}` must be a tensor, but is {describe(value)}")


def check_floating(name: str, value: object) -> None:
    """Raises TypeError for what is no tensor of real floating-point numbers."""
    if not isinstance(value, Tensor) or not value.is_floating_point():
        check_tensor(name, value)
        raise TypeError(f"`{name}` must be a floating-point tensor, but is {describe(value)}")


def check_real(name: str, value: object) -> None:
    """Raises TypeError for what is no tensor of real numbers: floats, integers or booleans."""
    check_tensor(name, value)
    assert isinstance(value, Tensor)
    if value.dtype.is_complex:
        raise TypeError(f"`{name}` must be a tensor of real numbers, but is {describe(value)}")


def check_mask(name: str, value: object, other_name: str, other: Tensor) -> None:
    """Raises unless it is a tensor of booleans, of the shape and on the device of another."""
    check_tensor(name, value)
    assert isinstance(value, Tensor)
    if value.dtype != torch.bool:
        raise TypeError(
            f"`{name}` must be a torch.bool tensor, True where an element counts, but is "
            f"{describe(value)}"
        )
    check_same_shape(name, value, other_name, other)
    check_same_device(name, value, other_name, other)


def check_dimensions(name: str, tensor: Tensor, wanted: str, *, at_least: int) -> None:
    """Raises ValueError if the tensor has too few dimensions; ``wanted`` is the shape in words."""
    if tensor.dim() < at_least:
        fail(name, f"of shape {wanted}", describe(tensor))


def check_same_shape(name: str, tensor: Tensor, other_name: str, other: Tensor) -> None:
    """Raises ValueError unless both have one shape. Nothing is broadcast: that hides mistakes."""
    if tensor.shape != other.shape:
        fail(
            name,
            f"of the shape of `{other_name}`, {tuple(other.shape)}",
            f"of shape {tuple(tensor.shape)}",
        )


def check_shape(name: str, tensor: Tensor, shape: tuple[int, ...], why: str) -> None:
    """Raises ValueError unless the tensor has this shape; ``why`` says where the shape is from."""
    if tensor.shape != shape:
        fail(name, f"of shape {shape} ({why})", f"of shape {tuple(tensor.shape)}")


def check_same_device(name: str, tensor: Tensor, other_name: str, other: Tensor) -> None:
    """Raises ValueError unless both are on one device."""
    if tensor.device != other.device:
        fail(name, f"on the device of `{other_name}`, {other.device}", f"on {tensor.device}")


def check_choice(name: str, value: object, choices: Collection[str]) -> None:
    """Raises ValueError unless the value is one of the choices."""
    if value not in choices:
        fail(name, "one of " + ", ".join(repr(choice) for choice in choices), repr(value))


def check_reduction(reduction: object) -> None:
    """Raises ValueError unless the reduction is ``mean``, ``sum`` or ``none``."""
    if reduction not in _REDUCTIONS:
        check_choice("reduction", reduction, _REDUCTIONS)


def check_number(
    name: str,
    value: object,
    *,
    at_least: float | None = None,
    above: float | None = None,
    at_most: float | None = None,
    below: float | None = None,
) -> None:
    """Raises TypeError for what is no number, ValueError for a number outside of the bounds."""
    if isinstance(value, bool) or not isinstance(value, _NUMBERS):
        raise TypeError(f"`{name}` must be a number, but is {describe(value)}")
    # Written so that a NaN is within no bounds.
    if not (
        (at_least is None or value >= at_least)
        and (above is None or value > above)
        and (at_most is None or value <= at_most)
        and (below is None or value < below)
        and -_INFINITY < value < _INFINITY
    ):
        fail(name, _bounds(at_least, above, at_most, below), repr(value))


def check_integer(name: str, value: object) -> None:
    """Raises TypeError for what is no whole number."""
    if type(value) is not int and (isinstance(value, bool) or not isinstance(value, Integral)):
        raise TypeError(f"`{name}` must be a whole number, but is {describe(value)}")


def check_values(
    name: str,
    tensor: Tensor,
    *,
    at_least: float | None = None,
    above: float | None = None,
    at_most: float | None = None,
    below: float | None = None,
    hint: str = "",
) -> None:
    """Raises ValueError if a value of a tensor is outside of the bounds, where it can be read.

    A NaN passes: it makes the loss NaN, which says more than a message about a range.
    """
    if tensor.numel() == 0 or not can_read(tensor):
        return
    low, high = extremes(tensor)
    if (
        (at_least is not None and low < at_least)
        or (above is not None and low <= above)
        or (at_most is not None and high > at_most)
        or (below is not None and high >= below)
    ):
        wanted = f"{_bounds(at_least, above, at_most, below)} everywhere"
        fail(name, wanted + (f" ({hint})" if hint else ""), f"from {low:g} to {high:g}")


def check_integers(name: str, target: object) -> None:
    """Raises TypeError for what is no tensor of class indices."""
    if not isinstance(target, Tensor) or target.dtype not in _INTEGERS:
        check_tensor(name, target)
        raise TypeError(
            f"`{name}` must hold class indices (an integer tensor, such as torch.int64), but is "
            f"{describe(target)}; of one-hot rows or probabilities take `argmax(dim=1)`"
        )


def check_class_indices(
    name: str, target: Tensor, classes: int, ignore_index: int | None = None
) -> bool:
    """Raises ValueError if one of the integers names no class.

    Returns:
        Whether some may have to be ignored. False only where that is known for nothing.
    """
    if target.numel() == 0 or not can_read(target):
        return ignore_index is not None
    low, high = extremes(target)
    may_ignore = ignore_index is not None and low <= ignore_index <= high
    if ignore_index is not None and may_ignore and not (low >= 0 and high < classes):
        # Only here, as it costs a copy: most targets have nothing to ignore.
        kept = target.long()
        kept = kept.masked_fill(kept == ignore_index, 0)
        low, high = extremes(kept)
    if low < 0 or high >= classes:
        ignored = "" if ignore_index is None else f" or ignore_index={ignore_index}"
        fail(
            name,
            f"a class index from 0 to {classes - 1}{ignored} everywhere",
            f"from {low} to {high}",
        )
    return may_ignore


def check_class_weights(name: str, weight: Tensor | None, classes: int, input: Tensor) -> None:
    """Checks a vector of one non-negative weight a class."""
    if weight is None:
        return
    check_floating(name, weight)
    check_shape(name, weight, (classes,), "one weight a class")
    check_same_device(name, weight, "input", input)
    check_values(name, weight, at_least=0.0)


def can_read(tensor: Tensor) -> bool:
    """Whether the values of a tensor can be looked at for nothing."""
    if is_compiling() or not tensor.is_cpu:
        return False
    # Inside torch.func.vmap a tensor has no values of its own.
    return not (
        torch._C._are_functorch_transforms_active()
        and torch._C._functorch.is_functorch_wrapped_tensor(tensor)
    )


def extremes(tensor: Tensor) -> tuple[float, float]:
    """The lowest and the highest of numbers that can be read, of which there is at least one."""
    lowest, highest = (tensor.detach() if tensor.requires_grad else tensor).aminmax()
    return lowest.item(), highest.item()


def promote(tensor: Tensor) -> Tensor:
    """The tensor in float32 if it is in half precision, else itself.

    Sums over an image overflow float16 (at 65504) and lose most of bfloat16's 8 bits.
    """
    return tensor.float() if tensor.dtype in _HALVES else tensor


def promoted_dtype(tensor: Tensor) -> torch.dtype:
    """The type that a loss of this tensor is computed in."""
    return torch.float32 if tensor.dtype in _HALVES else tensor.dtype


def without_autocast(tensor: Tensor) -> torch.amp.autocast_mode.autocast:
    """A context in which matrix products are not cast down to half precision."""
    return torch.autocast(tensor.device.type, enabled=False)


def masked_out(values: Tensor, mask: Tensor | None) -> Tensor:
    """The values with 0 where the mask is False, and no gradient there, even from a NaN."""
    return values if mask is None else values.masked_fill(~mask, 0)


def quotient(numerator: Tensor, denominator: Tensor) -> Tensor:
    """The quotient, 0 where both are 0."""
    return numerator / denominator.masked_fill(denominator.eq(0), 1)


def reduce(losses: Tensor, reduction: Reduction, divisor: Tensor | None = None) -> Tensor:
    """The losses as they are, their sum, or their mean.

    Args:
        losses: the losses, 0 where an element does not count.
        reduction: which.
        divisor: what the mean divides by, a tensor of no dimensions: how many elements count, or
            the sum of their weights. Without it, the number of losses. Where nothing counts
            the mean is 0, with a gradient of 0.
    """
    if reduction == "none":
        return losses
    if reduction == "sum":
        return losses.sum()
    if divisor is None:
        return losses.mean() if losses.numel() else losses.sum()
    return quotient(losses.sum(), divisor)


def _bounds(
    at_least: float | None, above: float | None, at_most: float | None, below: float | None
) -> str:
    lower = f"at least {at_least:g}" if at_least is not None else ""
    lower = f"above {above:g}" if above is not None else lower
    upper = f"at most {at_most:g}" if at_most is not None else ""
    upper = f"below {below:g}" if below is not None else upper
    return " and ".join(part for part in (lower, upper) if part) or "finite"
