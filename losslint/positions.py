"""Where chosen nodes of a tree stand in its text.

libcst keeps no positions: its own provider generates the code of the whole tree again and stores
two objects for every node. Only a few nodes are ever reported, so this does the same generation
with nothing but a line and a column, and stops at the last wanted node.
"""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING

from libcst._nodes.internal import CodegenState
from libcst._position import CodePosition, CodeRange

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from contextlib import AbstractContextManager

    import libcst as cst

_DEEP_STACK = 256 * 1024 * 1024
_DEEP_RECURSION = 100_000


def ranges(tree: cst.Module, wanted: Collection[cst.CSTNode]) -> dict[cst.CSTNode, CodeRange]:
    """The range of each wanted node that is in the tree: lines from 1, columns from 0.

    As in libcst's ``PositionProvider`` a range leaves out the white space and the parentheses
    around its node.
    """
    if not wanted:
        return {}
    try:
        found = _track(tree, wanted)
    except RecursionError:
        found = _on_a_deep_stack(lambda: _track(tree, wanted))
    return {node: found[node] for node in wanted if node in found}


def _track(tree: cst.Module, wanted: Collection[cst.CSTNode]) -> dict[cst.CSTNode, CodeRange]:
    tracker = _Tracker(tree, wanted)
    with suppress(_EverythingFound):
        tree._codegen(tracker)
    return tracker.found


def _on_a_deep_stack(
    work: Callable[[], dict[cst.CSTNode, CodeRange]],
) -> dict[cst.CSTNode, CodeRange]:
    """What ``work`` returns, or nothing if even this stack is too small.

    Generating code recurses several times for each level of the tree, so that a sum of a thousand
    terms is too much for the usual stack. Only a thread can be given a larger one.
    """
    found: dict[cst.CSTNode, CodeRange] = {}

    def run() -> None:
        with suppress(RecursionError):
            found.update(work())

    limit, size = sys.getrecursionlimit(), threading.stack_size(_DEEP_STACK)
    sys.setrecursionlimit(_DEEP_RECURSION)
    try:
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    finally:
        sys.setrecursionlimit(limit)
        threading.stack_size(size)
    return found


class _EverythingFound(Exception):
    """The rest of the tree need not be generated."""


class _Tracker(CodegenState):
    def __init__(self, tree: cst.Module, wanted: Collection[cst.CSTNode]) -> None:
        super().__init__(default_indent=tree.default_indent, default_newline=tree.default_newline)
        # A module without any token is taken for an empty one, which gets a line of its own.
        self.tokens = [""]
        self.pending = set(wanted)
        self.found: dict[cst.CSTNode, CodeRange] = {}
        self.starts: list[CodePosition] = []
        self.line = 1
        self.column = 0

    def add_indent_tokens(self) -> None:
        for token in self.indent_tokens:
            self.column += len(token)

    def add_token(self, value: str) -> None:
        if "\n" in value or "\r" in value:
            ends = value.count("\n") + value.count("\r") - value.count("\r\n")
            self.line += ends
            self.column = len(value) - 1 - max(value.rfind("\n"), value.rfind("\r"))
        else:
            self.column += len(value)

    def pop_trailing_newline(self) -> None:
        """Nothing to pop: no text is kept."""

    def before_codegen(self, node: cst.CSTNode) -> None:
        if node in self.pending:
            self.starts.append(self.here())

    def after_codegen(self, node: cst.CSTNode) -> None:
        if node not in self.pending:
            return
        start = self.starts.pop()
        # What the node itself recorded leaves out the white space around it, so it goes first.
        self.found.setdefault(node, CodeRange(start, self.here()))
        self.pending.discard(node)
        if not self.pending:
            raise _EverythingFound

    def record_syntactic_position(  # type: ignore[override]  # any context manager will do
        self,
        node: cst.CSTNode,
        *,
        start_node: cst.CSTNode | None = None,
        end_node: cst.CSTNode | None = None,
    ) -> AbstractContextManager[None]:
        if node not in self.pending:
            return _NOTHING
        # The node's range begins or ends with that of a child that nobody asked for.
        self.pending.update(child for child in (start_node, end_node) if child is not None)
        return self._record(node, start_node, end_node)

    @contextmanager
    def _record(
        self, node: cst.CSTNode, start_node: cst.CSTNode | None, end_node: cst.CSTNode | None
    ) -> Iterator[None]:
        start = self.here()
        yield
        end = self.here()
        self.found[node] = CodeRange(
            start if start_node is None else self.found[start_node].start,
            end if end_node is None else self.found[end_node].end,
        )

    def here(self) -> CodePosition:
        return CodePosition(self.line, self.column)


_NOTHING: AbstractContextManager[None] = nullcontext()
