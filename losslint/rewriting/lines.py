"""Statements that have a line of their own, among those of their block."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

import libcst as cst

from losslint.analysis.reading.nodes import walk
from losslint.rewriting.tree import Tree, code

Body: TypeAlias = Sequence[cst.BaseStatement | cst.BaseSmallStatement]


def block_of(tree: Tree, line: cst.CSTNode) -> Body:
    """The statements of the block that a statement stands in."""
    up = tree.parent(line)
    return up.body if isinstance(up, cst.IndentedBlock | cst.Module) else ()


def between(body: Body, one: cst.CSTNode, other: cst.CSTNode) -> Body:
    """The statements of a block between two of them, in whichever order these come."""
    first, last = sorted(index for index, line in enumerate(body) if line in (one, other))
    return body[first + 1 : last]


def sets(statements: Body, name: str) -> bool:
    """Whether a name, or a part of a dotted one, may get another value in one of the statements."""
    parts = set(name.split("."))
    return any(
        not parts.isdisjoint(_targets(node.target))
        for part in statements
        for node in walk(part)
        if isinstance(
            node, cst.AssignTarget | cst.For | cst.AugAssign | cst.AnnAssign | cst.NamedExpr
        )
    )


def _targets(target: cst.BaseExpression) -> Iterator[str]:
    if isinstance(target, cst.Name):
        yield target.value
    elif isinstance(target, cst.Tuple | cst.List):
        for element in target.elements:
            yield from _targets(element.value)
    elif isinstance(target, cst.Attribute):
        yield target.attr.value
    elif isinstance(target, cst.Subscript):
        yield from _targets(target.value)


def statement_text(line: cst.CSTNode) -> str:
    """The text of a line's only statement, without the comment behind it."""
    if isinstance(line, cst.SimpleStatementLine) and len(line.body) == 1:
        return code(line.body[0])
    return ""


def line_text(line: cst.SimpleStatementLine) -> str:
    """A statement with the comment behind it."""
    trailing = line.trailing_whitespace
    comment = f"{trailing.whitespace.value}{trailing.comment.value}" if trailing.comment else ""
    return f"{statement_text(line)}{comment}"


def root_of(node: cst.BaseExpression) -> str:
    """The variable at the left of a dotted name; empty where it is none."""
    while isinstance(node, cst.Attribute):
        node = node.value
    return node.value if isinstance(node, cst.Name) else ""
