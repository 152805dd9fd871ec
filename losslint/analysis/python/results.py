"""Results of what is not known, made in a function that is called with one thing after another."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from losslint.analysis.domain.values import Const, Function, Instance, Unknown, Value

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter


def told_apart(
    run: Interpreter, function: Function, given: Iterable[Value], result: Value
) -> Value:
    """The result of a function under a symbol of its own for all that the function is given.

    What a factory makes of one setting is another object than what it makes of the next. One that
    is given the same each time may hand out the same object, as a function that reads settings.
    """
    if not isinstance(result, Unknown) or not isinstance(result.key, tuple):
        return result
    if len(result.key) != 2 or run.seen.made_by.get(result.key) != function:
        return result
    symbols = tuple(one for value in given if (one := _symbol(value)) is not None)
    return replace(result, key=(*result.key, symbols)) if symbols else result


def _symbol(value: Value) -> Hashable:
    if isinstance(value, Instance):
        return value.oid
    return value if isinstance(value, Const) else getattr(value, "key", None)
