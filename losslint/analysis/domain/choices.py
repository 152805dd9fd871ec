"""Conditions of several paths: which can hold together, and what holds on either of two."""

from __future__ import annotations

from collections.abc import Hashable

from losslint.analysis.domain.values import Conditions, Const


def contradict(one: Conditions, other: Conditions) -> bool:
    """Whether two sets of conditions can never hold together."""
    if not one or not other:
        return False
    if _leaves_none(one, other) or _leaves_none(other, one):
        return True
    for key, outcome in one:
        if (key, not outcome) in other:
            return True
        if outcome and isinstance(key, tuple) and len(key) == 3 and key[0] == "==":
            if any(_excludes(key, second, holds) for second, holds in other):
                return True
    return any(
        _excludes(second, key, outcome)
        for second, holds in other
        if holds and isinstance(second, tuple) and len(second) == 3 and second[0] == "=="
        for key, outcome in one
        if isinstance(key, tuple) and key[:1] == ("in",)
    )


def _leaves_none(one: Conditions, other: Conditions) -> bool:
    """Whether a symbol is one of several constants by some conditions, and none by others."""
    return any(
        outcome
        and isinstance(key, tuple)
        and len(key) == 3
        and key[0] == "in"
        and isinstance(key[2], tuple)
        and all((("==", key[1], member), False) in other for member in key[2])
        for key, outcome in one
    )


def _excludes(equal: tuple[Hashable, ...], test: Hashable, outcome: bool) -> bool:
    """Whether a symbol that equals a constant makes another test of it come out otherwise."""
    if not isinstance(test, tuple) or len(test) != 3 or test[1] != equal[1]:
        return False
    if test[0] == "in" and isinstance(test[2], tuple):
        return (equal[2] in test[2]) is not outcome
    return test[0] == "==" and outcome and test[2] != equal[2]


MAX_MEMBERS = 16
"""Constants of which one is known to be a symbol's value."""


def either(one: Conditions, other: Conditions) -> Conditions:
    """What holds where either of two sets of conditions does.

    Of a symbol that is another constant by the one than by the other, it is that it is one of them.
    """
    shared = one & other
    if one == shared or other == shared:
        return shared
    members = _members(other - shared)
    found = set(shared)
    for symbol, constants in _members(one - shared).items():
        both = constants | members.get(symbol, frozenset())
        if symbol in members and len(both) <= MAX_MEMBERS:
            # in any order, as long as it is the same for the same constants
            found.add((("in", symbol, tuple(sorted(both, key=hash))), True))
    return frozenset(found)


def _members(conditions: Conditions) -> dict[Hashable, frozenset[Const]]:
    """The constants of which symbols are known to be one."""
    found: dict[Hashable, frozenset[Const]] = {}
    for key, outcome in conditions:
        if not outcome or not isinstance(key, tuple) or len(key) != 3:
            continue
        constants = key[2] if key[0] == "in" and isinstance(key[2], tuple) else key[2:]
        if key[0] in ("==", "in") and all(isinstance(one, Const) for one in constants):
            found[key[1]] = frozenset(one for one in constants if isinstance(one, Const))
    return found
