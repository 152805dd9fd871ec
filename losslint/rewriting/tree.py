"""A parsed file, seen from any of its nodes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.domain.trail import Place
from losslint.analysis.reading.nodes import children, walk

if TYPE_CHECKING:
    from losslint.analysis.domain.syntax import SourceModule

_ATOMS = (
    cst.Name, cst.Attribute, cst.Call, cst.Subscript, cst.BaseNumber, cst.BaseString, cst.List,
    cst.Dict, cst.BaseComp,
)  # fmt: skip


class Tree:
    """A file's nodes with the way up from each."""

    def __init__(self, file: SourceModule) -> None:
        self.file = file
        self.root = file.tree
        self._positions: dict[cst.CSTNode, int] = {}
        self._parents: dict[cst.CSTNode, cst.CSTNode] = {}
        self._names: dict[str, list[cst.Name]] = {}
        self._attributes: dict[str, list[cst.Attribute]] = {}
        self.imports: list[cst.Import | cst.ImportFrom] = []
        """In the order of the text."""
        pending: list[cst.CSTNode] = [file.tree]
        while pending:
            node = pending.pop()
            if isinstance(node, cst.Name):
                self._names.setdefault(node.value, []).append(node)
                continue
            if isinstance(node, cst.Attribute):
                self._attributes.setdefault(node.attr.value, []).append(node)
            elif isinstance(node, cst.Import | cst.ImportFrom):
                self.imports.append(node)
            below = children(node)
            self._parents.update(dict.fromkeys(below, node))
            below.reverse()
            pending += below

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """The node that a node stands in directly."""
        return self._parents.get(node)

    def named(self, name: str) -> Sequence[cst.Name]:
        """Every name with this spelling, in the order of the text."""
        return self._names.get(name, ())

    def attributes(self, name: str) -> Sequence[cst.Attribute]:
        """Every attribute with this name, of whatever object."""
        return self._attributes.get(name, ())

    def position(self, node: cst.CSTNode) -> int:
        """Where a node comes in the order of the text, for sorting."""
        if not self._positions:
            self._positions = {node: index for index, node in enumerate(walk(self.root))}
        return self._positions[node]

    def ancestors(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """The nodes that a node stands in, innermost first."""
        current = self._parents.get(node)
        while current is not None:
            yield current
            current = self._parents.get(current)

    def place(self, node: cst.CSTNode) -> Place:
        """A node of this file as a place."""
        return Place(self.file, node)

    def function(self, node: cst.CSTNode) -> cst.CSTNode:
        """The function or lambda that a node is in, or the module."""
        kinds = (cst.FunctionDef, cst.Lambda)
        return next((up for up in self.ancestors(node) if isinstance(up, kinds)), self.root)

    def scope(self, statement: cst.CSTNode) -> cst.CSTNode | None:
        """The function or module whose names a statement sets; None in the body of a class."""
        for up in self.ancestors(statement):
            if isinstance(up, cst.ClassDef):
                return None
            if isinstance(up, cst.FunctionDef):
                return up
        return self.root

    def is_in_import(self, node: cst.CSTNode) -> bool:
        """Whether a name is a part of an import."""
        for up in self.ancestors(node):
            if isinstance(up, cst.Import | cst.ImportFrom):
                return True
            if not isinstance(up, cst.Attribute | cst.ImportAlias | cst.AsName):
                return False
        return False

    def owner(self, node: cst.CSTNode) -> cst.ClassDef | None:
        """The class that a node is in."""
        return next((up for up in self.ancestors(node) if isinstance(up, cst.ClassDef)), None)

    def line(self, node: cst.CSTNode) -> cst.SimpleStatementLine | None:
        """The statement that a node is in, where that has lines of its own."""
        for up in self.ancestors(node):
            if isinstance(up, cst.SimpleStatementLine):
                return up if len(up.body) == 1 else None
            if isinstance(up, cst.BaseCompoundStatement):
                return None
        return None


@lru_cache(maxsize=32)
def tree_of(file: SourceModule) -> Tree:
    """The tree of a file; those of the last few files are kept."""
    return Tree(file)


def in_order(place: Place) -> tuple[str, int]:
    """For sorting places by file, then as they come in it."""
    return str(place.file.path), tree_of(place.file).position(place.node)


def dotted(node: cst.CSTNode) -> str:
    """The text of a name with dots; empty for anything else."""
    if isinstance(node, cst.Attribute):
        return f"{dotted(node.value)}.{node.attr.value}"
    return node.value if isinstance(node, cst.Name) else ""


def code(node: cst.CSTNode) -> str:
    """The text of a node, with its own parentheses."""
    return cst.Module(body=[]).code_for_node(node)


def is_atom(node: cst.BaseExpression) -> bool:
    """Whether an expression can stand before a dot, or behind a sign, as it is."""
    return isinstance(node, _ATOMS) or bool(node.lpar)


def bare(node: cst.BaseExpression) -> str:
    """The text of an expression that becomes the argument of a call, which has parentheses."""
    return code(node.with_changes(lpar=[], rpar=[])) if node.lpar else code(node)


def in_parentheses(node: cst.BaseExpression) -> str:
    """The text of an expression that can stand anywhere."""
    return code(node) if is_atom(node) else f"({code(node)})"
