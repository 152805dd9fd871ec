"""Constants as numbers."""

from __future__ import annotations

from losslint.analysis.domain.values import Const, Value

LARGE = 10.0
"""From here on a number says that data was not brought to the unit range."""


def number(value: Value) -> float | None:
    """The number that a constant is."""
    if isinstance(value, Const) and isinstance(value.value, int | float):
        try:
            return float(value.value)
        except OverflowError:
            return None
    return None
