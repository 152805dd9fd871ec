"""Curves as text, for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from losslint.comparison.curves import Axis, Curve

_MARKS = "*o+x#@%&"
_HEIGHT = 16
_TALLEST_TIMES_MEDIAN = 4.0


def chart(curves: Sequence[Curve], axis: Axis, width: int) -> str:
    """The values of curves, each with a mark of its own; what is too high is cut off."""
    left = 9
    columns = max(width - left - 1, 20)
    top = _top(curves)
    grid = [[" "] * columns for _ in range(_HEIGHT)]
    low, high = axis.points[0], axis.points[-1]
    for mark, drawn in zip(_marks(len(curves)), curves, strict=True):
        for x, y in zip(drawn.at, drawn.values, strict=True):
            if y <= top:
                height = round(y / top * (_HEIGHT - 1))
                grid[-1 - height][round((x - low) / (high - low) * (columns - 1))] = mark
    lines = []
    for number, row in enumerate(grid):
        is_labelled = number % 5 == 0
        label = f"{top * (1 - number / (_HEIGHT - 1)):.3g}" if is_labelled else ""
        lines.append(f"{label:>{left - 2}} |{''.join(row)}".rstrip())
    ends = f"{low:g}", f"{high:g}"
    middle = axis.title.center(columns - len(ends[0]) - len(ends[1]))
    lines.append(" " * (left - 1) + "+" + "-" * columns)
    lines.append(" " * left + ends[0] + middle + ends[1])
    key = "   ".join(f"{m} {c.name}" for m, c in zip(_marks(len(curves)), curves, strict=True))
    return "\n".join((*lines, "", " " * left + key))


def _marks(number: int) -> str:
    return (_MARKS * (number // len(_MARKS) + 1))[:number]


def _top(curves: Sequence[Curve]) -> float:
    """High enough for most of each curve: a square would press the others flat."""
    highest = sorted(max(drawn.values) for drawn in curves)
    middle = highest[(len(highest) - 1) // 2]
    return min(highest[-1], middle * _TALLEST_TIMES_MEDIAN) or 1.0
