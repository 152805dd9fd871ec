"""A parsed file: what stands where, and copies of it in which something is another."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TypeVar

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, ParentNodeProvider, PositionProvider

Change = cst.CSTNode | cst.RemovalSentinel | cst.FlattenSentinel[cst.BaseStatement]
_N = TypeVar("_N", bound=cst.CSTNode)
_IMPORT = re.compile(r"^(?:import|from) (?!__future__)", re.MULTILINE)


class Tree:
    """One file."""

    def __init__(self, text: str) -> None:
        wrapper = MetadataWrapper(cst.parse_module(text), unsafe_skip_copy=True)
        self.module = wrapper.module
        self._ranges: Mapping[cst.CSTNode, CodeRange] = wrapper.resolve(PositionProvider)
        self._parents: Mapping[cst.CSTNode, cst.CSTNode] = wrapper.resolve(ParentNodeProvider)
        # what libcst says the children of a node are takes as long as parsing it
        self._all: list[cst.CSTNode] = []
        self._ends: dict[cst.CSTNode, tuple[int, int]] = {}
        self._walk(self.module)

    def nodes(self, kind: type[_N], inside: cst.CSTNode | None = None) -> Iterator[_N]:
        """All nodes of a kind, in the order of the text."""
        start, end = self._ends[self.module if inside is None else inside]
        for node in self._all[start:end]:
            if isinstance(node, kind):
                yield node

    def _walk(self, node: cst.CSTNode) -> None:
        start = len(self._all)
        self._all.append(node)
        for child in node.children:
            self._walk(child)
        self._ends[node] = (start, len(self._all))

    def line(self, node: cst.CSTNode) -> int:
        """The line that a node starts on."""
        return self._ranges[node].start.line

    def code(self, node: cst.CSTNode) -> str:
        """The text of a node."""
        return self.module.code_for_node(node)

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """The node around a node."""
        return self._parents.get(node)

    def around(self, node: cst.CSTNode, *kinds: type[cst.CSTNode]) -> cst.CSTNode:
        """The innermost node of one of the kinds around a node, or else the module."""
        outer = self.parent(node)
        while outer is not None and not isinstance(outer, kinds):
            outer = self.parent(outer)
        return self.module if outer is None else outer

    def function(self, name: str) -> cst.FunctionDef:
        """The function ``name`` or the method ``Class.name``.

        Raises:
            LookupError: if there is none.
        """
        scope: cst.CSTNode = self.module
        *classes, last = name.split(".")
        for part in classes:
            scope = next(c for c in self.nodes(cst.ClassDef, scope) if c.name.value == part)
        for function in self.nodes(cst.FunctionDef, scope):
            if function.name.value == last:
                return function
        raise LookupError(f"there is no function {name}")

    def changed(self, changes: Mapping[_N, Change]) -> str:
        """The text with nodes replaced or taken out."""
        around: set[cst.CSTNode] = set()
        for changed in changes:
            node = self.parent(changed)
            while node is not None and node not in around:
                around.add(node)
                node = self.parent(node)
        inner = {id(node) for node, change in changes.items() if self._is_inside(change, node)}
        return self.module.visit(_Replace(changes, around, inner)).code

    def _is_inside(self, inner: object, outer: cst.CSTNode) -> bool:
        if not isinstance(inner, cst.CSTNode) or inner not in self._ends:
            return False
        start, end = self._ends[outer]
        return start < self._ends[inner][0] < end


@lru_cache(maxsize=32)
def parsed(text: str) -> Tree:
    """The tree of a file, made once for all operators."""
    return Tree(text)


class _Replace(cst.CSTTransformer):
    def __init__(
        self, changes: Mapping[_N, Change], around: set[cst.CSTNode], inner: set[int]
    ) -> None:
        super().__init__()
        self._changes = {id(node): change for node, change in changes.items()}
        self._around = around
        self._inner = inner
        self._updated: dict[int, Change] = {}

    def on_visit(self, node: cst.CSTNode) -> bool:
        return node in self._around

    def on_leave(self, original_node: cst.CSTNodeT, updated_node: cst.CSTNodeT) -> Change:  # type: ignore[override]
        change = self._changes.get(id(original_node), updated_node)
        if id(original_node) in self._inner:
            # what takes the place of the node around it may have been changed itself
            change = self._updated.get(id(change), change)
        self._updated[id(original_node)] = change
        return change


def importing(text: str, statement: str) -> str:
    """A module's text in which a statement stands among the first imports, if it did not yet."""
    if re.search(rf"^{re.escape(statement)}$", text, re.MULTILINE):
        return text
    found = _IMPORT.search(text)
    start = found.start() if found else 0
    return f"{text[:start]}{statement}\n{text[start:]}"


def last_name(node: cst.CSTNode) -> str:
    """The last part of a dotted name, or nothing."""
    if isinstance(node, cst.Attribute):
        return node.attr.value
    return node.value if isinstance(node, cst.Name) else ""


def statement_call(node: cst.CSTNode) -> cst.Call | None:
    """The call that a statement consists of."""
    if isinstance(node, cst.SimpleStatementLine) and len(node.body) == 1:
        only = node.body[0]
        if isinstance(only, cst.Expr) and isinstance(only.value, cst.Call):
            return only.value
    return None
