"""What a loss reads before training, as a number where the answers give one."""

from __future__ import annotations

import math
from collections.abc import Mapping

from losslint.advisor.tree import Start


def first_value(start: Start, numbers: Mapping[str, float]) -> float | None:
    """The value of the formula, if nothing but the number of classes enters it."""
    if start.formula == "ln 2":
        return math.log(2)
    if start.formula == "ln C" and "classes" in numbers:
        return math.log(numbers["classes"])
    return None


def in_words(start: Start, numbers: Mapping[str, float]) -> str:
    """The formula, its value where there is one, and where it comes from."""
    if start.formula is None:
        return f"there is no formula for it: {start.says}"
    value = first_value(start, numbers)
    if value is None:
        return f"{start.formula}: {start.says}"
    known = f" for {numbers['classes']:g} classes" if start.formula == "ln C" else ""
    return f"{start.formula} = {value:.3f}{known}: {start.says}"
