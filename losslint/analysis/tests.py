"""Tests that are not decided: under which conditions each outcome holds."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

from losslint.analysis.values import ALWAYS, Conditions, Unknown, Value

if TYPE_CHECKING:
    import libcst as cst


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
