"""Indentation of tabs and spaces at once, which Python counts and the parser of the tree does not.

A tab goes on to the next multiple of eight. The parser compares the characters themselves: to it
a tab and two spaces are no beginning of two tabs.
"""

from __future__ import annotations

import ast
import tokenize
import warnings
from collections.abc import Iterator, Mapping

from losslint.source import lines_with_ends

_TAB = 8
_WHITE = " \t\f"


def in_spaces(text: str) -> tuple[str, Mapping[int, int]] | None:
    """A text that Python reads, indented by spaces, and what each line has become longer by.

    None if Python does not read it, or if no tab is in the way.
    """
    if not _is_python(text):
        return None
    lines = lines_with_ends(text)
    longer: dict[int, int] = {}
    for number in _first_lines(lines):
        line = lines[number - 1]
        rest = line.lstrip(_WHITE)
        before = len(line) - len(rest)
        columns = _columns(line[:before])
        lines[number - 1] = " " * columns + rest
        longer[number] = columns - before
    spaced = "".join(lines)
    return None if spaced == text else (spaced, {n: more for n, more in longer.items() if more})


def _is_python(text: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    return True


def _columns(white: str) -> int:
    """The column behind white space at the start of a line, as Python counts."""
    column = 0
    for one in white:
        if one == "\f":
            column = 0
        else:
            column += _TAB - column % _TAB if one == "\t" else 1
    return column


def _first_lines(lines: list[str]) -> Iterator[int]:
    """The lines that a statement or a comment begins on, counted from one."""
    given = (line.rstrip("\r\n") + "\n" for line in list(lines))
    begins, depth = True, 0
    for token in tokenize.generate_tokens(lambda: next(given, "")):
        if token.type in (tokenize.INDENT, tokenize.DEDENT):
            continue
        if token.type in (tokenize.NEWLINE, tokenize.NL):
            begins = depth == 0
            continue
        if begins and token.type != tokenize.ENDMARKER:
            yield token.start[0]
        begins = False
        if token.type == tokenize.OP:
            depth += (token.string in "([{") - (token.string in ")]}")
