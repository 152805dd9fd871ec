"""What Python itself has to say about a file that cannot be parsed.

The tree's parser lists all the tokens that it would have taken. Python's own parser knows what
people get wrong ("'(' was never closed"), so where it refuses the file too, its words are used.
"""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import replace

from losslint.finding import NOT_ANALYSED, Problem, Span
from losslint.source import DecodeError, Source, lines_of


def in_words_of_python(problem: Problem, source: Source) -> Problem:
    """The problem with Python's place and message; no syntax error if Python takes the file."""
    try:
        text = source.decode()
        if "\0" in text:
            return _null_byte(problem, text)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except SyntaxError as refused:
        path = problem.span.path
        line = refused.lineno or problem.span.line
        column = max(1, refused.offset or 1)
        end_line = max(line, refused.end_lineno or line)
        end_column = refused.end_offset or column
        if end_line == line:
            end_column = max(column, end_column)
        span = Span(path, line, column, end_line, end_column)
        said = _of_newer_keyword(text, span) or refused.msg
        return Problem(problem.code, span, f"not valid Python: {said}")
    except (DecodeError, ValueError, MemoryError, RecursionError):
        return problem
    message = f"Python reads this file, but the parser of losslint does not: {problem.message}"
    return replace(problem, code=NOT_ANALYSED, message=message)


def _of_newer_keyword(text: str, span: Span) -> str | None:
    """What is wrong with ``x.cuda(async=True)``, which was Python up to 3.6."""
    lines = lines_of(text)
    refused = lines[span.line - 1][span.column - 1 :] if span.line <= len(lines) else ""
    if re.match(r"async\s*=(?!=)", refused) is None:
        return None
    renamed = ": write `non_blocking=True`" if re.match(r"async\s*=\s*True", refused) else ""
    return f"`async` is a keyword since Python 3.7{renamed}"


def _null_byte(problem: Problem, text: str) -> Problem:
    """Python refuses these too, but does not say where."""
    before = lines_of(text[: text.index("\0")])
    line, column = len(before), len(before[-1]) + 1
    span = Span(problem.span.path, line, column, line, column + 1)
    return replace(problem, span=span, message="not valid Python: a null byte")
