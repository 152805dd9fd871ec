"""Tests that are not decided: under which conditions each outcome holds."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

from losslint.analysis.values import (
    ALWAYS,
    Conditions,
    DType,
    Sign,
    Tensor,
    Unknown,
    Value,
    ZeroReason,
)

if TYPE_CHECKING:
    import libcst as cst

    from losslint.analysis.interpreter import Interpreter

COMPARISONS = frozenset({"==", "LessThan", "GreaterThan", "LessThanEqual", "GreaterThanEqual"})
"""First parts of the symbols of comparisons that were not decided."""


def outcomes(value: Value, node: cst.CSTNode) -> tuple[Conditions, Conditions]:
    """The conditions that hold where a test succeeded, and where it failed.

    A test of a symbol that is not known holds for every later test of the same symbol; any other
    test stands for itself.
    """
    key = value.key if isinstance(value, Unknown) else None
    if key is None:
        key = ("test", id(node))
    return _holds(key, True), _holds(key, False)


def _holds(key: Hashable, outcome: bool) -> Conditions:
    if key is None:
        return ALWAYS
    if isinstance(key, tuple) and key:
        if key[0] == "not":
            return _holds(key[1], not outcome)
        if key[0] == "and" and outcome:
            return _holds(key[1], True) | _holds(key[2], True)
        if key[0] == "or" and not outcome:
            return _holds(key[1], False) | _holds(key[2], False)
    return frozenset({(key, outcome)})


def as_mask(run: Interpreter, value: Value, node: cst.CSTNode) -> Tensor | None:
    """The mask that a comparison of something unknown is, once it is used like a tensor."""
    key = value.key if isinstance(value, Unknown) else None
    if isinstance(key, tuple) and len(key) == 2 and key[0] == "not":
        # what is not equal to a padding value is hardly ever nothing
        return Tensor(sign=Sign.NON_NEGATIVE, dtype=DType.BOOL, grad=False)
    if isinstance(key, tuple) and len(key) == 3 and key[0] in COMPARISONS:
        reason = ZeroReason(run.place(node), "mask", "no element may be selected")
        return Tensor(mask=reason, sign=Sign.NON_NEGATIVE, dtype=DType.BOOL, grad=False)
    return None
