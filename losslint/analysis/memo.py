"""Remembered calls: a function evaluated with the same facts gives the same result.

A result holds as long as everything that its evaluation read still has the same value, so its
reads are kept with it, next to its writes and what it did to gradients.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

from losslint.analysis.domain.conditions import is_object
from losslint.analysis.domain.heap import Heap, Writes
from losslint.analysis.domain.values import (
    UNKNOWN,
    Conditions,
    Const,
    Tensor,
    Tuple,
    Union,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    import libcst as cst

    from losslint.analysis.training.trace import Trace

MAX_CONTEXTS = 16
"""Of one function, evaluated with the facts as they are; as many again are widened first."""
_OWN_CONTEXTS = 6
"""Of the widened ones, what is left to each file, however many the files before it used up."""
_FULL_STEPS = 80
"""A context of fewer steps counts for less than one, as a registry's look-up does."""
_LEAST = 0.2
_COST_OF_NOTHING = 6
"""How many contexts one counts for from which nothing was learnt."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """One evaluated call."""

    reads: Writes
    writes: Writes
    trace: Trace
    value: Value
    held: Conditions
    """What holds wherever the call came to an end, and so behind it."""


class Memo:
    """All remembered calls of one analysis."""

    def __init__(self) -> None:
        self._calls: dict[Hashable, list[Remembered]] = {}
        self._contexts: dict[cst.CSTNode, float] = {}
        self._usual: dict[cst.CSTNode, Value] = {}
        self._acted: set[cst.CSTNode] = set()

    def find(self, key: Hashable) -> Remembered | None:
        """The result of an earlier call that still holds."""
        for call in self._calls.get(key, ()):
            if Heap.holds(call.reads):
                return call
        return None

    def usual(self, node: cst.CSTNode) -> Value:
        """What a function gave in every context so far."""
        return self._usual.get(node, UNKNOWN)

    def may_act(self, node: cst.CSTNode) -> bool:
        """Whether a function may have done something to gradients in any context so far."""
        return node in self._acted

    def gave(self, node: cst.CSTNode, value: Value, acted: bool) -> None:
        """Notes what a function gave in one context, and whether it may act on gradients."""
        if acted:
            self._acted.add(node)
        before = self._usual.get(node)
        self._usual[node] = _agreed(value if before is None else before, value)

    def keep(self, key: Hashable, call: Remembered) -> None:
        """Remembers a call."""
        self._calls.setdefault(key, []).append(call)

    def share(self) -> None:
        """Leaves the next file some contexts of every function."""
        most = 2 * MAX_CONTEXTS - _OWN_CONTEXTS
        for node, used in self._contexts.items():
            if used > most:
                self._contexts[node] = most

    def full(self, node: cst.CSTNode) -> bool:
        """Whether a function has had its share of contexts."""
        return self._contexts.get(node, 0.0) >= MAX_CONTEXTS

    def exhausted(self, node: cst.CSTNode) -> bool:
        """Whether a function has had twice its share of contexts, widened ones included."""
        return self._contexts.get(node, 0.0) >= 2 * MAX_CONTEXTS

    def count(self, node: cst.CSTNode, steps: int, taught: bool) -> None:
        """Counts one more context of a function, which took so many steps.

        Args:
            node: the function.
            steps: what its evaluation took.
            taught: whether that told anything that a rule could use.
        """
        cost = min(1.0, max(_LEAST, steps / _FULL_STEPS))
        self._contexts[node] = self._contexts.get(node, 0.0) + cost * (
            1 if taught else _COST_OF_NOTHING
        )


def _agreed(one: Value, other: Value) -> Value:
    """The activations in which two results agree."""
    if isinstance(one, Union):
        return reduce(_agreed, [alternative.value for alternative in one.alternatives], other)
    if isinstance(other, Union):
        return _agreed(other, one)
    if isinstance(one, Tuple) and isinstance(other, Tuple) and len(one.items) == len(other.items):
        pairs = zip(one.items, other.items, strict=True)
        return Tuple(tuple(_agreed(mine, theirs) for mine, theirs in pairs))
    if isinstance(one, Tensor) and isinstance(other, Tensor) and one.act is other.act:
        return Tensor(
            act=one.act,
            dim=one.dim if one.dim == other.dim else None,
            trail=one.trail,
        )
    return UNKNOWN


def widen(value: Value, tested: frozenset[Hashable]) -> Value:
    """The value without constants and symbols, which make contexts many.

    Args:
        value: an argument of a call.
        tested: the symbols of which something is assumed where the call stands. They stay: what
            was picked by them before may meet what is picked by them now.
    """
    if isinstance(value, Const) and not isinstance(value.value, bool | str | None.__class__):
        return Unknown()
    if isinstance(value, Unknown):
        if value.key in tested or is_object(value):
            return value
        return Unknown(None, value.deps, value.lost, value.why, value.grad)
    if isinstance(value, Tuple):
        return Tuple(tuple(widen(item, tested) for item in value.items))
    return value
