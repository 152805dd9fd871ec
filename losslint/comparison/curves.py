"""Values and gradients of losses over a range of errors or logits. Imports torch."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from inspect import signature
from typing import Any

from losslint.catalogue import Entry
from losslint.errors import UserError, did_you_mean

try:
    import torch
    from torch import Tensor
except ImportError as problem:
    raise UserError(
        "losslint compare computes losses, and torch is not installed: `pip install torch`"
    ) from problem

TRUTH = 10.0
"""The target of regression losses: away from 0, for those that divide by it."""
ERRORS = (-10.0, -3.0, -1.0, -0.3, -0.1, 0.0, 0.1, 0.3, 1.0, 3.0, 10.0)
LOGITS = (-10.0, -5.0, -3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 5.0, 10.0)
_CURVE_POINTS = 121
_OF_QUANTITIES = (
    "mse l1 huber smooth-l1 log-cosh charbonnier masked-mse mape smape msle quantile".split()
)
_OF_ONE_LOGIT = ("bce-with-logits", "binary-focal", "asymmetric")
_OF_TWO_LOGITS = (
    "cross-entropy",
    "focal",
    "generalized-cross-entropy",
    "symmetric-cross-entropy",
    "poly1-cross-entropy",
)
_Call = Callable[[Callable[..., Tensor], Tensor], Tensor]


@dataclass(frozen=True)
class Curve:
    """A loss over a range.

    Attributes:
        name: of the loss, with the options that were given.
        at: the errors or logits.
        values: the loss there.
        gradients: its derivative there.
    """

    name: str
    at: tuple[float, ...]
    values: tuple[float, ...]
    gradients: tuple[float, ...]


@dataclass(frozen=True)
class Axis:
    """What losses are functions of.

    Attributes:
        title: the number's name.
        points: where a table shows them.
        is_error: whether it is an error of a regression.
    """

    title: str
    points: tuple[float, ...]
    is_error: bool

    def fine(self) -> tuple[float, ...]:
        """Where a plot draws them."""
        low, high = self.points[0], self.points[-1]
        return tuple(
            low + (high - low) * step / (_CURVE_POINTS - 1) for step in range(_CURVE_POINTS)
        )


_ERROR = Axis("error", ERRORS, True)
_LOGIT = Axis("logit of the right answer", LOGITS, False)


def common_axis(entries: Sequence[Entry]) -> Axis:
    """What all these losses are functions of.

    Raises:
        UserError: if one is no function of one number, or they are of different ones.
    """
    axes = []
    for entry in entries:
        if entry.name in _OF_QUANTITIES:
            axes.append(_ERROR)
        elif entry.name in (*_OF_ONE_LOGIT, *_OF_TWO_LOGITS):
            axes.append(_LOGIT)
        else:
            known = ", ".join((*_OF_QUANTITIES, *_OF_ONE_LOGIT, *_OF_TWO_LOGITS))
            raise UserError(
                f"{entry.name} is no function of one error or logit, and cannot be compared; these "
                f"are: {known}"
            )
    for entry, axis in zip(entries, axes, strict=True):
        if axis is not axes[0]:
            raise UserError(
                f"{entries[0].name} is a function of the {axes[0].title}, {entry.name} of the "
                f"{axis.title}: compare losses of one kind"
            )
    return axes[0]


def curve(
    entry: Entry, options: Mapping[str, float], at: Sequence[float], name: str | None = None
) -> Curve:
    """A loss with these options over a range.

    Raises:
        UserError: if it has no such option, or the value is not one that it takes.
    """
    loss = _build(entry, options)
    number = torch.tensor(at, dtype=torch.float64, requires_grad=True)
    values = _call(entry)(loss, number)
    (gradients,) = torch.autograd.grad(values.sum(), number)
    return Curve(
        name or entry.name, tuple(at), tuple(values.detach().tolist()), tuple(gradients.tolist())
    )


def _build(entry: Entry, options: Mapping[str, float]) -> Callable[..., Tensor]:
    module, _, name = (entry.module or "").rpartition(".")
    make: Any = getattr(importlib.import_module(module), name)
    for option in options:
        _check_option(entry, make, option)
    try:
        loss: Callable[..., Tensor] = make(reduction="none", **options)
        # The losses check their options when they are called.
        _call(entry)(loss, torch.zeros(1, dtype=torch.float64))
    except (TypeError, ValueError) as problem:
        raise UserError(f"{entry.name}: {problem}") from problem
    return loss


def _check_option(entry: Entry, make: Any, option: str) -> None:
    """Raises UserError unless the loss has an option of this name, and it is a number."""
    numbers = [
        name
        for name, parameter in signature(make).parameters.items()
        if "float" in str(parameter.annotation)
    ]
    if option not in numbers:
        known = f"these are: {', '.join(numbers)}" if numbers else "it has none"
        raise UserError(
            f"{entry.name} has no number called {option!r} among its options; {known}"
            f"{did_you_mean(option, numbers)}"
        )


def _call(entry: Entry) -> _Call:
    if entry.name in _OF_QUANTITIES:
        return lambda loss, error: loss(TRUTH + error, torch.full_like(error, TRUTH))
    if entry.name in _OF_ONE_LOGIT:
        return lambda loss, logit: loss(logit, torch.ones_like(logit))
    return lambda loss, logit: loss(
        torch.stack([torch.zeros_like(logit), logit], 1), torch.ones(len(logit), dtype=torch.int64)
    )
