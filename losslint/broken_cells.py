"""Cells of a notebook that are no Python: each costs only itself."""

from __future__ import annotations

import ast
import codecs
import re
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

from losslint.analysis.reading.limits import excess
from losslint.finding import SYNTAX_ERROR, Problem, Span
from losslint.source import Source
from losslint.syntax_errors import in_words_of_python

if TYPE_CHECKING:
    from pathlib import Path

    from losslint.notebook import Cell

_HELP = "fix the syntax; the other cells were checked"

_LINE = re.compile(r"\bline (\d+)")
"""A line that Python names in its message: `unterminated string literal (detected at line 3)`."""
_BEFORE = "pass\n"
"""Another cell: at the start of a file a few more things are Python."""


def problem_of(cell: Cell, path: Path) -> Problem | None:
    """Why a cell is no Python, with its place in the text of the notebook; None if it is."""
    code = _BEFORE + cell.lead + cell.code
    if excess(code) is not None or _is_python(code):
        return None
    from losslint.analysis.reading.parsing import NotParsed, parse
    from losslint.deep_stack import on_a_deep_stack

    # the parser may know more of Python than the Python that runs it
    alone = Source(path.with_suffix(".py"), codecs.BOM_UTF8 + code.encode("utf-8"))
    try:
        on_a_deep_stack(lambda: parse(alone))
    except NotParsed as refused:
        failure = refused.failure
    else:
        return None
    span = Span(path, failure.line, failure.column, failure.line, failure.column)
    problem = in_words_of_python(Problem(SYNTAX_ERROR, span, failure.message), alone)
    above = (_BEFORE + cell.lead).count("\n")
    before = cell.first_line - above - 1
    span = problem.span
    moved = replace(span, line=span.line + before, end_line=span.end_line + before)
    said = _LINE.sub(lambda one: f"line {int(one.group(1)) - above}", problem.message)
    return replace(problem, span=moved, message=said, help=_HELP)


def _is_python(code: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(code)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    return True
