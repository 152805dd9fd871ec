"""Bytes to trees, with a look first at what would make the parser hang or crash."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import libcst as cst

from losslint.analysis.domain.syntax import SourceModule
from losslint.analysis.reading.failures import Failure
from losslint.analysis.reading.indentation import in_spaces
from losslint.analysis.reading.limits import excess
from losslint.analysis.reading.surroundings import Surroundings
from losslint.source import DecodeError, Source


class NotParsed(Exception):
    """A file that gave no tree."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


@contextmanager
def _unvalidated() -> Iterator[None]:
    """Nodes are made without a check of whether they are code.

    The check is for trees that people build; here they come from the parser, and it would cost a
    fifth of the time that parsing takes.
    """
    validate = cst.CSTNode.__post_init__
    cst.CSTNode.__post_init__ = lambda self: None  # type: ignore[method-assign]
    try:
        yield
    finally:
        cst.CSTNode.__post_init__ = validate  # type: ignore[method-assign]


def parse(source: Source, around: Surroundings | None = None) -> SourceModule:
    """The tree of a file.

    What passes the limits still needs a deep stack where the usual one is small.

    Raises:
        NotParsed: if its bytes are no text, its text is no Python, or parsing it is not safe.
    """

    def failure(line: int, column: int, message: str, kind: str = "syntax") -> NotParsed:
        return NotParsed(Failure(source.path, line, column, kind, message))

    try:
        text = source.decode()
    except DecodeError as problem:
        raise failure(problem.line, problem.column, problem.message) from None
    found = excess(text)
    if found is not None:
        raise failure(found.line, found.column, f"not parsed: {found.message}", "limit")
    longer: Mapping[int, int] = {}
    try:
        try:
            tree = _tree(text)
        except cst.ParserSyntaxError:
            spaced = in_spaces(text)
            if spaced is None or excess(spaced[0]) is not None:
                raise
            tree, longer = _tree(spaced[0]), spaced[1]
    except cst.ParserSyntaxError as problem:
        line, column = problem.editor_line, problem.editor_column
        raise failure(line, column, f"not valid Python: {problem.message}") from None
    except (ValueError, SyntaxError, cst.CSTValidationError) as problem:
        raise failure(1, 1, f"not valid Python: {problem}") from None
    except (MemoryError, RecursionError) as problem:
        raise failure(1, 1, f"not parsed: {type(problem).__name__}", "limit") from None
    return SourceModule(source.path, text, tree, around, longer)


def _tree(text: str) -> cst.Module:
    with _unvalidated():
        return cst.parse_module(text)
