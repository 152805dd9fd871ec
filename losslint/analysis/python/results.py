"""Results of what is not known, made in a function that is called with one thing after another."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.domain.values import Const, Function, Instance, Unknown, Value
from losslint.analysis.reading.spelling import dotted

if TYPE_CHECKING:
    from losslint.analysis.domain.arguments import Args
    from losslint.analysis.interpreter import Interpreter


def told_apart(
    run: Interpreter, function: Function, bound: Mapping[str, Value], args: Args, result: Value
) -> Value:
    """The result of a function under a symbol of its own for all that the function is given.

    What a factory makes of one setting is another object than what it makes of the next. One that
    is given the same each time may hand out the same object, as a function that reads settings.
    """
    if not isinstance(result, Unknown) or not isinstance(result.key, tuple):
        return result
    if len(result.key) != 2 or run.seen.made_by.get(result.key) != function:
        return result
    symbols = {name: _symbol(value) for name, value in bound.items()}
    known: frozenset[tuple[Hashable, Hashable]] = frozenset(
        (name, one) for name, one in symbols.items() if one is not None
    )
    if len(known) < len(symbols) and isinstance(args.node, cst.Call):
        # what nothing is known of goes by its spelling
        known |= {(number, dotted(one.value)) for number, one in enumerate(args.node.args)}
    return replace(result, key=(*result.key, known)) if known else result


def _symbol(value: Value) -> Hashable:
    if isinstance(value, Instance):
        return value.oid
    return value if isinstance(value, Const) else getattr(value, "key", None)
