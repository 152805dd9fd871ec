"""From changes between nodes to edits of text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from losslint.finding import Edit, Patch, Span

if TYPE_CHECKING:
    from losslint.analysis.domain.trail import Place
    from losslint.fix import Change, Edge, Fix


def nodes_of(fix: Fix) -> Iterator[Place]:
    """The places whose lines and columns a fix needs."""
    for change in fix.changes:
        yield change.start.place
        yield change.end.place


def patch(
    fix: Fix, span_of: Callable[[Place], Span | None], lines: Callable[[Place], Sequence[str]]
) -> Patch | None:
    """The fix as edits; None where one of its nodes is in no tree.

    Args:
        fix: what to change.
        span_of: the lines and columns of a place.
        lines: the lines, with their ends, of the file of a place.
    """
    edits: list[Edit] = []
    for change in fix.changes:
        edit = _edit(change, span_of, lines(change.start.place))
        if edit is None:
            return None
        edits.append(edit)
    return Patch(fix.message, fix.safety, tuple(sorted(edits)))


def _edit(
    change: Change, span_of: Callable[[Place], Span | None], lines: Sequence[str]
) -> Edit | None:
    start, end = _position(change.start, span_of), _position(change.end, span_of)
    if start is None or end is None:
        return None
    path = change.start.place.file.path
    first = lines[start[0] - 1]
    indent = first[: len(first) - len(first.lstrip(" \t\f"))]
    newline = _newline(lines)
    text = change.text.replace("\n", newline + indent)
    if not change.lines:
        return Edit(Span(path, *start, *end), text)
    if change.lines == "before":
        return Edit(Span(path, start[0], 1, start[0], 1), f"{indent}{text}{newline}")
    last = lines[end[0] - 1]
    has_end = last.endswith(("\n", "\r"))
    after = (end[0] + 1, 1) if has_end else (end[0], len(last) + 1)
    if change.lines == "after":
        line = f"{indent}{text}{newline}" if has_end else f"{newline}{indent}{text}"
        return Edit(Span(path, *after, *after), line)
    return Edit(Span(path, start[0], 1, *after), text)


def _position(edge: Edge, span_of: Callable[[Place], Span | None]) -> tuple[int, int] | None:
    span = span_of(edge.place)
    if span is None:
        return None
    return (span.end_line, span.end_column) if edge.at_end else (span.line, span.column)


def _newline(lines: Sequence[str]) -> str:
    """How the file ends its lines."""
    first = lines[0]
    return first[len(first.rstrip("\r\n")) :] or "\n"
