"""What a dict holds under keys that are not known, and what of it is under one certain key.

Two dicts that are filled in a loop over the same names go together: under one name there is the
head of a task in one of them, and its loss in the other. So a value that was chosen by its key
keeps the conditions of that choice in the dict, and they are asked again of the key by which it is
read.
"""

from __future__ import annotations

from collections.abc import Hashable

from losslint.analysis.domain.joins import join_alternatives
from losslint.analysis.domain.values import (
    ALWAYS,
    UNKNOWN,
    Alternative,
    Conditions,
    Const,
    Instance,
    Tuple,
    Union,
    Unknown,
    Value,
)

_ITS = "its key"
"""The first part of the symbol of the key of an item, among the conditions that the item keeps in
its dict. The second is where the key is found in what a loop draws: an attribute of it, or itself.
"""
DRAWN = "drawn"
"""The first part of the symbol of what a loop draws from something unknown."""
_KEY_OF = "key of"
"""The first part of the symbol of any key of a dict."""


def any_key(of: Instance) -> Unknown:
    """Any key of a dict, the same one wherever a round of a loop over the dict uses it."""
    return Unknown((_KEY_OF, of.oid))


def kept_under(key: Value, value: Value, assumed: Conditions = ALWAYS) -> Value:
    """A value as a dict keeps it under a key that is not known.

    Args:
        key: the key.
        value: the value.
        assumed: what holds where it is written, of the key among other things.
    """
    if not isinstance(key, Unknown) or key.key is None:
        return value
    symbol, path = _owner(key.key)
    of_key = frozenset(
        (_replaced(test, symbol, (_ITS, path)), outcome)
        for test, outcome in assumed
        if _mentions(test, symbol)
    )
    kept = _changed(value, symbol, (_ITS, path))
    if not of_key:
        return kept
    if isinstance(kept, Union):
        return Union(
            tuple(
                Alternative(one.value, one.when | of_key, one.configs) for one in kept.alternatives
            )
        )
    return Union((Alternative(kept, of_key),))


def found_under(key: Value | None, value: Value) -> Value:
    """What a dict keeps under keys that are not known, as it is under one key."""
    if not isinstance(value, Union):
        return value
    if isinstance(key, Const):
        return _where_it_is(key, value)
    if isinstance(key, Unknown) and key.key is not None:
        symbol, path = _owner(key.key)
        value = _changed(value, (_ITS, path), symbol)
    return forgotten(value, _ITS)


def _owner(symbol: Hashable) -> tuple[Hashable, tuple[Hashable, ...]]:
    """What a loop draws, and how a key is found in it; any other symbol stands for itself."""
    owner = symbol
    path: tuple[Hashable, ...] = ()
    while isinstance(owner, tuple) and len(owner) == 3 and owner[1] in (".", "[]"):
        owner, path = owner[0], (owner[1:], *path)
    is_drawn = isinstance(owner, tuple) and isinstance(owner[0], tuple) and owner[0][0] == DRAWN
    return (owner, path) if is_drawn else (symbol, ())


def forgotten(value: Value, symbol: Hashable) -> Value:
    """The value without the conditions that say something of a symbol."""
    if not isinstance(value, Union):
        return value
    return join_alternatives(
        Alternative(
            one.value,
            frozenset(test for test in one.when if not _mentions(test[0], symbol)),
            one.configs,
        )
        for one in value.alternatives
    )


def _changed(value: Value, symbol: Hashable, other: Hashable) -> Value:
    """The value with the conditions on one symbol told of another one."""
    if isinstance(value, Tuple):
        return Tuple(tuple(_changed(item, symbol, other) for item in value.items))
    if not isinstance(value, Union):
        return value
    return Union(
        tuple(
            Alternative(
                one.value,
                frozenset((_replaced(test, symbol, other), outcome) for test, outcome in one.when),
                one.configs,
            )
            for one in value.alternatives
        )
    )


def _where_it_is(key: Const, value: Union) -> Value:
    """The alternatives that can be under a known key."""
    kept = [
        Alternative(
            one.value,
            frozenset(test for test in one.when if not _mentions(test[0], _ITS)),
            one.configs,
        )
        for one in value.alternatives
        if all(_holds(test, key) in (outcome, None) for test, outcome in one.when)
    ]
    return join_alternatives(kept) if kept else UNKNOWN


def _holds(test: Hashable, key: Const) -> bool | None:
    """How a test of its key comes out for an item under a known key."""
    if not isinstance(test, tuple) or len(test) != 3 or test[1] != (_ITS, ()):
        return None
    if test[0] == "==":
        return bool(test[2] == key)
    if test[0] == "in" and isinstance(test[2], tuple):
        return key in test[2]
    return None


def _mentions(test: Hashable, symbol: Hashable) -> bool:
    if test == symbol:
        return True
    return isinstance(test, tuple) and any(_mentions(part, symbol) for part in test)


def _replaced(test: Hashable, symbol: Hashable, other: Hashable) -> Hashable:
    if test == symbol:
        return other
    if isinstance(test, tuple):
        return tuple(_replaced(part, symbol, other) for part in test)
    return test
