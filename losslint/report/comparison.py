"""The table of a comparison of losses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from losslint.comparison.curves import Axis, Curve

_OUTLIER, _USUAL = 10.0, 1.0


def table(curves: Sequence[Curve], axis: Axis) -> str:
    """Values and gradients at the axis' points, in columns.

    For regression losses a last line says what an outlier weighs: how many errors of 1 have the
    gradient of one of 10.
    """
    names = [drawn.name for drawn in curves]
    first = max(len(axis.title), len("an error of 10 is as"))
    widths = [max(len(name), len("-10.0000")) for name in names]
    lines = []
    for title, rows in (("loss", _values(curves)), ("gradient", _gradients(curves))):
        heading = (f"{name:>{width}}" for name, width in zip(names, widths, strict=True))
        lines.append(f"{title}\n{axis.title:>{first}}  {'  '.join(heading)}")
        for x, row in zip(axis.points, rows, strict=True):
            cells = (f"{cell:>{width}.4g}" for cell, width in zip(row, widths, strict=True))
            lines.append(f"{x:>{first}g}  {'  '.join(cells)}")
        lines.append("")
    if axis.is_error:
        weights = (
            f"{weight:>{width}.3g}"
            for weight, width in zip(_outlier_weights(curves), widths, strict=True)
        )
        lines.append(f"{'an error of 10 is as':>{first}}  {'  '.join(weights)}  errors of 1")
        lines.append("")
    return "\n".join(lines)


def _values(curves: Sequence[Curve]) -> Iterator[tuple[float, ...]]:
    return zip(*(drawn.values for drawn in curves), strict=True)


def _gradients(curves: Sequence[Curve]) -> Iterator[tuple[float, ...]]:
    return zip(*(drawn.gradients for drawn in curves), strict=True)


def _outlier_weights(curves: Sequence[Curve]) -> Iterator[float]:
    for drawn in curves:
        steep = dict(zip(drawn.at, drawn.gradients, strict=True))
        yield abs(steep[_OUTLIER] / steep[_USUAL]) if steep[_USUAL] else float("nan")
