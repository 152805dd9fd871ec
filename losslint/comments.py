"""The comments of a file that silence findings, and what each of them covers.

They are read from the tree's comment tokens, so that the same words in a string mean nothing:

- ``# losslint: ignore[LOS104] reason`` at the end of a line, or on its own line above a statement;
- ``# losslint: ignore-file[LOS104]`` anywhere;
- ``# noqa: LOS104`` and ``# noqa`` at the end of a line.

Comments that state what a value is (``# losslint: logits``) are for the analysis; here they are
noticed only where they state nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.reading.stated import KINDS
from losslint.finding import Span
from losslint.positions import ranges_in

if TYPE_CHECKING:
    from libcst._position import CodeRange

    from losslint.analysis.domain.syntax import SourceModule

_OWN = re.compile(r"#\s*losslint\s*:\s*(?P<verb>[\w-]*)\s*(?:\[(?P<words>[^\]]*)\])?")
_CODE = r"[A-Za-z]+[0-9]+"
_NOQA = re.compile(
    rf"#\s*noqa(?![\w-])(?:\s*:\s*(?P<words>{_CODE}(?:[\s,]+{_CODE})*(?![\w-])))?", re.IGNORECASE
)
_STATING = (cst.Assign, cst.AnnAssign, cst.Return)
"""Statements whose value a comment can state."""


class Verb(Enum):
    """What a comment asks for."""

    IGNORE = "ignore"
    IGNORE_FILE = "ignore-file"
    NOQA = "noqa"
    MISPLACED = "misplaced"
    """A statement of what a value is where there is no value."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Comment:
    """One suppression comment."""

    span: Span
    text: str
    """The comment's words up to the reason."""
    verb: Verb
    asked: str
    """The word that the verb was read from."""
    words: tuple[str, ...] | None
    """The rules it names; None if it has no list at all."""
    first_line: int
    """The lines it covers: its own, or those of the statement below it."""
    last_line: int


@dataclass(frozen=True, slots=True)
class Extent:
    """The lines of one statement."""

    first: int
    last: int
    is_simple: bool


@dataclass(frozen=True, slots=True)
class Annotations:
    """The suppression comments of a file, and its statements from the outermost in."""

    comments: tuple[Comment, ...]
    statements: tuple[Extent, ...]

    def lines(self, span: Span) -> set[int]:
        """The lines at whose end a comment speaks about what stands at ``span``."""
        lines = {span.line, span.end_line}
        around = [s for s in self.statements if s.first <= span.line <= s.last]
        if around:
            statement = min(around, key=lambda extent: extent.last - extent.first)
            lines.add(statement.first)
            if statement.is_simple:
                lines.add(statement.last)
        return lines


def read_annotations(module: SourceModule) -> Annotations:
    """The suppression comments of a parsed file."""
    comments: list[cst.Comment] = []
    statements: list[cst.CSTNode] = []
    below: dict[cst.CSTNode, cst.CSTNode] = {}
    at_a_value: set[cst.CSTNode] = set()
    for node in _nodes(module.tree):
        if isinstance(node, cst.Comment):
            if _OWN.search(node.value) or _NOQA.search(node.value):
                comments.append(node)
        elif isinstance(node, (cst.SimpleStatementLine, cst.BaseCompoundStatement)):
            statements.append(node)
            if isinstance(node, cst.SimpleStatementLine) and isinstance(node.body[-1], _STATING):
                at_a_value.update(filter(None, [node.trailing_whitespace.comment]))
        for line in _lines_above(node):
            if line.comment is not None:
                below[line.comment] = node
    if not comments:
        return Annotations((), ())
    if module.tree.body:
        below.update(
            (line.comment, module.tree.body[0]) for line in module.tree.header if line.comment
        )
    wanted = {*comments, *statements, *(below[c] for c in comments if c in below)}
    at = ranges_in(module, wanted)
    return Annotations(
        tuple(
            comment
            for node in comments
            for comment in _read(node, module, at[node], at.get(below.get(node, node)))
            if comment.verb is not Verb.MISPLACED or node not in at_a_value
        ),
        tuple(
            Extent(
                at[node].start.line,
                at[node].end.line,
                isinstance(node, cst.SimpleStatementLine),
            )
            for node in statements
            if node in at
        ),
    )


def _read(
    node: cst.Comment, module: SourceModule, at: CodeRange, covered: CodeRange | None
) -> Iterator[Comment]:
    line = at.start.line
    span = Span(module.path, line, at.start.column + 1, line, at.end.column + 1)
    covered = covered or at
    for found in _OWN.finditer(node.value):
        words = _words(found["words"], r",")
        yield Comment(
            span,
            found[0].strip(),
            _verb(found["verb"], words),
            found["verb"],
            words,
            covered.start.line,
            covered.end.line,
        )
    for found in _NOQA.finditer(node.value):
        words = _words(found["words"], r"[\s,]+")
        yield Comment(span, found[0].strip(), Verb.NOQA, "noqa", words, line, line)


def _verb(word: str, words: tuple[str, ...] | None) -> Verb:
    for verb in (Verb.IGNORE, Verb.IGNORE_FILE):
        if word == verb.value:
            return verb
    return Verb.MISPLACED if word in KINDS and words is None else Verb.UNKNOWN


def _words(listed: str | None, separator: str) -> tuple[str, ...] | None:
    if listed is None:
        return None
    return tuple(word.strip() for word in re.split(separator, listed) if word.strip())


def _nodes(tree: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Every node, by its fields: a CSTVisitor takes ten times as long."""
    pending = [tree]
    while pending:
        node = pending.pop()
        yield node
        for name in node.__dataclass_fields__:
            value = getattr(node, name)
            if isinstance(value, cst.CSTNode):
                pending.append(value)
            elif isinstance(value, (list, tuple)):
                pending.extend(item for item in value if isinstance(item, cst.CSTNode))


def _lines_above(node: cst.CSTNode) -> tuple[cst.EmptyLine, ...]:
    lines = getattr(node, "leading_lines", ())
    return (*lines, *getattr(node, "lines_after_decorators", ()))
