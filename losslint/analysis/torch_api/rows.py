"""Data that is laid out as rows of features before the first layer, a sample a row."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

from losslint.analysis.domain.sizes import ANY, Sizes, at, rank
from losslint.analysis.domain.values import Unknown, Value
from losslint.analysis.torch_api.sizing import SIZES, sizes_of

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter
    from losslint.analysis.torch_api.registry import Op

_LAYING_OUT = frozenset({"view", "reshape", "flatten"})


def note_rows(op: Op, key: Hashable) -> bool:
    """Notes how data is laid out that a function gives, of which nothing else is known."""
    if op.name not in _LAYING_OUT:
        return False
    told = SIZES[op.name](op)
    laid_out = rank(told) == 2 and at(told, -1) != 1
    op.run.seen.rows[key] = told if laid_out else ANY
    return laid_out


def sizes_of_input(run: Interpreter, value: Value) -> Sizes:
    """The sizes of what a layer is given, which can be data that was laid out as rows."""
    if isinstance(value, Unknown) and value.key is not None:
        return run.seen.rows.get(value.key, ANY)
    return sizes_of(value)
