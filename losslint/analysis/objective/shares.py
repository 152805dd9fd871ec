"""Labels that a program makes itself, and how rare their rarest class is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from losslint.analysis.domain.numbers import number
from losslint.analysis.domain.values import Share, Tensor, Value

if TYPE_CHECKING:
    import libcst as cst

    from losslint.analysis.interpreter import Interpreter

UNIFORM = "uniform"
"""The form of random numbers that are spread evenly between zero and one."""
RANDOM = frozenset({"random", UNIFORM})
_RARE = 0.1
"""A class that has this much of all samples is not called rare."""


def share(run: Interpreter, parts: Sequence[float], node: cst.CSTNode) -> Share | None:
    """What the rarest class has of all, where it has little.

    Args:
        run: the interpreter.
        parts: the probabilities or the numbers of samples of the classes.
        node: where they are said.
    """
    total = sum(parts)
    if len(parts) < 2 or min(parts) <= 0:
        return None
    size = round(min(parts) / total, 6)
    return Share(size, run.place(node)) if size < _RARE else None


def share_below(run: Interpreter, left: Value, right: Value, node: cst.CSTNode) -> Share | None:
    """The share of what ``left < right`` or ``left > right`` selects of uniform numbers."""
    for one, other in ((left, right), (right, left)):
        bound = number(other)
        if type(one) is Tensor and one.shape == UNIFORM and bound is not None and 0 < bound < 1:
            return share(run, (bound, 1 - bound), node)
    return None
