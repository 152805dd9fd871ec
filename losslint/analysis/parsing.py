"""Bytes to trees, with a look first at what would make the parser hang or crash."""

from __future__ import annotations

import re

import libcst as cst

from losslint.analysis.failures import Failure
from losslint.analysis.syntax import SourceModule
from losslint.source import DecodeError, Source

MAX_BRACKETS = 200
MAX_CHAIN = 1_000
MAX_INDENT = 100
_TOKEN = re.compile(
    r"""(?P<string>(?:\b[rRbBuUfFtT]{1,2})?(?:\"\"\"(?:\\.|[^\\])*?\"\"\"|'''(?:\\.|[^\\])*?'''"""
    r"""|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))"""
    r"""|(?P<comment>\#[^\n]*)|(?P<open>[\[({])|(?P<close>[\])}])|(?P<end>[\n;,:])"""
    r"""|(?P<join>\.(?=\s*[A-Za-z_])|\b(?:and|or|not|if|else|in|is|await|lambda)\b|[-+*/%@|&^~<>=]+)""",
    re.DOTALL,
)
_DEEP = re.compile(rf"^[ \t]{{{MAX_INDENT * 2},}}[^ \t#\r\n]", re.MULTILINE)


class NotParsed(Exception):
    """A file that gave no tree."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def parse(source: Source) -> SourceModule:
    """The tree of a file.

    Raises:
        NotParsed: if its bytes are no text, its text is no Python, or parsing it is not safe.
    """
    try:
        text = source.decode()
    except DecodeError as problem:
        raise NotParsed(
            Failure(source.path, problem.line, problem.column, "syntax", problem.message)
        ) from None
    _refuse_hostile(source, text)
    try:
        tree = cst.parse_module(text)
    except cst.ParserSyntaxError as problem:
        raise NotParsed(
            Failure(
                source.path,
                problem.editor_line,
                problem.editor_column,
                "syntax",
                f"not valid Python: {problem.message}",
            )
        ) from None
    except (ValueError, SyntaxError, RecursionError, cst.CSTValidationError) as problem:
        raise NotParsed(
            Failure(source.path, 1, 1, "syntax", f"not valid Python: {problem}")
        ) from None
    return SourceModule(source.path, text, tree)


def _refuse_hostile(source: Source, text: str) -> None:
    """Refuses what libcst cannot parse in reasonable time or depth.

    Its parser takes cubic time on long chains of operators and attributes, and dies with a
    segmentation fault on deep nesting.
    """
    found = _excess(text)
    if found is None:
        return
    offset, message = found
    line = text.count("\n", 0, offset) + 1
    column = offset - text.rfind("\n", 0, offset)
    raise NotParsed(Failure(source.path, line, column, "limit", message))


def _excess(text: str) -> tuple[int, str] | None:
    """The first place that is too deep or too long, and what it is."""
    deep = _DEEP.search(text)
    if deep is not None:
        return deep.start(), f"indented more than {MAX_INDENT} levels deep"
    if len(text) < MAX_BRACKETS:
        return None
    chains = [0]
    strings = 0
    for token in _TOKEN.finditer(text):
        kind = token.lastgroup
        if kind == "string":
            strings += 1
            if strings > MAX_CHAIN:
                return token.start(), f"more than {MAX_CHAIN} strings in a row"
            continue
        if kind == "comment":
            continue
        if kind == "open":
            chains.append(0)
            if len(chains) > MAX_BRACKETS:
                return token.start(), f"brackets nested more than {MAX_BRACKETS} deep"
        elif kind == "close":
            if len(chains) > 1:
                chains.pop()
        elif kind == "end":
            strings = 0
            if token.group() != "\n" or len(chains) == 1:
                chains[-1] = 0
        else:
            strings = 0
            chains[-1] += 1
            if chains[-1] > MAX_CHAIN:
                return token.start(), f"a chain of more than {MAX_CHAIN} operators"
    return None
