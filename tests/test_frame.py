"""Frames of any text: nothing crashes, nothing is too wide, nothing acts on the terminal."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from losslint.finding import Span
from losslint.report.escape import printable
from losslint.report.frame import MAX_LINES, rows
from losslint.source import lines_of

numbers = st.integers(1, 30)


@given(st.text(), numbers, numbers, numbers, numbers, st.integers(20, 60))
def test_any_place_in_any_text(
    text: str, line: int, column: int, end_line: int, end_column: int, width: int
) -> None:
    span = Span(Path("a.py"), line, column, max(line, end_line), end_column)
    shown = list(rows(span, lines_of(text), width))
    assert len(shown) <= MAX_LINES + 1
    for row in shown:
        assert cell_len(row.before + row.marked + row.after) <= width
        assert row.indent + row.length <= width + 1
        assert_harmless(row.before + row.marked + row.after)


@given(st.text())
def test_printable_text_is_harmless(text: str) -> None:
    assert_harmless(printable(text))


def assert_harmless(shown: str) -> None:
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in shown)
    assert not set(shown) & set(
        "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029"
    )


def test_ordinary_text_is_left_alone() -> None:
    assert printable("größe 日本 👩\u200d🔬 [bold]") == "größe 日本 👩\u200d🔬 [bold]"
