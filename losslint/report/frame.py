"""A few lines of source with the place in them underlined."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from losslint.finding import Span
from losslint.report.escape import printable

MAX_LINES = 4
_TAB = 4
_MORE = "..."


@dataclass(frozen=True, slots=True)
class Row:
    """A line as it is shown, and which stretch of it is meant."""

    number: int | None
    """None stands for lines that were left out."""
    before: str
    marked: str
    after: str

    @property
    def indent(self) -> int:
        """The cells before the marked stretch."""
        return cell_len(self.before)

    @property
    def length(self) -> int:
        """The cells to underline: at least one, unless the line is blank."""
        is_blank = not (self.before or self.marked or self.after)
        return 0 if is_blank else max(1, cell_len(self.marked))


def rows(span: Span, lines: Sequence[str], width: int) -> Iterator[Row]:
    """The lines of a span, at most ``MAX_LINES`` of them, each cut to ``width`` cells."""
    last = min(span.end_line, len(lines))
    for number in range(span.line, min(last, span.line + MAX_LINES - 1) + 1):
        line = lines[number - 1]
        start = span.column - 1 if number == span.line else _first_word(line)
        end = span.end_column - 1 if number == span.end_line else len(line.rstrip())
        yield _fit(number, line, start, max(start, end), width)
    if last >= span.line + MAX_LINES:
        yield Row(None, "", "", "")


def _first_word(line: str) -> int:
    return len(line) - len(line.lstrip())


def _fit(number: int, line: str, start: int, end: int, width: int) -> Row:
    """The row, without what would not fit: first the text after the mark, then before it."""
    column = 0
    parts = []
    for text in (line[:start], line[start:end], line[end:].rstrip()):
        shown = _expanded(text, column)
        column += cell_len(shown)
        parts.append(shown)
    before, marked, after = parts
    room = width - cell_len(before) - cell_len(marked)
    if room < 0:
        # What follows keeps a third of the width if it needs it, and the mark most of the rest.
        room_after = min(cell_len(after), width // 3)
        spare = width - room_after - min(cell_len(marked), width // 2)
        before = _end(before, spare) if cell_len(before) > spare else before
        marked = _start(marked, width - cell_len(before))
        room = width - cell_len(before) - cell_len(marked)
    return Row(number, before, marked, _start(after, room))


def _expanded(text: str, column: int) -> str:
    """The text with tabs as spaces up to the next stop, and control characters spelled out."""
    if "\t" not in text:
        return printable(text)
    shown = ""
    for number, piece in enumerate(text.split("\t")):
        if number:
            shown += " " * (_TAB - (column + cell_len(shown)) % _TAB)
        shown += printable(piece)
    return shown


def _start(text: str, width: int) -> str:
    if cell_len(text) <= width:
        return text
    room = max(0, width - len(_MORE))
    while text and cell_len(text) > room:
        text = text[: min(len(text) - 1, room)]
    return text + _MORE[: max(0, width)]


def _end(text: str, width: int) -> str:
    room = max(0, width - len(_MORE))
    while text and cell_len(text) > room:
        text = text[max(1, len(text) - room) :]
    return _MORE + text
