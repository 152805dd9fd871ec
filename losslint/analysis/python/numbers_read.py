"""Which variables are read for their number alone: printed, logged, or taken by ``item()``."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import libcst as cst

from losslint.analysis.python.liveness import Assignment, Variables, targets_of, variables_of
from losslint.analysis.reading.nodes import children, walk


class _NumbersAside(Variables):
    """The variables of a body, in which to look at the number of one is not to read it."""

    def __init__(self, body: cst.BaseSuite | cst.Module) -> None:
        super().__init__(body)
        self._read: dict[cst.CSTNode, frozenset[str]] = {}
        self.looked_at = frozenset(name for name, looks in _reads(body) if looks)

    def names(self, node: cst.CSTNode) -> frozenset[str]:
        """The names in an expression or statement of which more than the number is read."""
        known = self._read.get(node)
        if known is None:
            used = frozenset(name for name, looks in _reads(node) if not looks)
            known = self._read[node] = super().names(node) & used
        return known


@lru_cache(maxsize=256)
def _numbers_aside(body: cst.BaseSuite | cst.Module) -> _NumbersAside:
    return _NumbersAside(body)


def is_number_alone(body: cst.BaseSuite | cst.Module, statement: cst.CSTNode, name: str) -> bool:
    """Whether what a statement gives a variable is read, and each time only its number."""
    aside = _numbers_aside(body)
    if name not in aside.looked_at or statement not in aside.dead_stores(name):
        return False
    return statement not in variables_of(body).dead_stores(name)


@lru_cache(maxsize=256)
def calls_for_numbers(body: cst.BaseSuite | cst.Module) -> frozenset[cst.CSTNode]:
    """The calls in a body of whose results only the number is read."""
    found: set[cst.CSTNode] = set()
    for node in walk(body):
        if isinstance(node, cst.Assign) and isinstance(node.targets[0].target, cst.Name):
            if is_number_alone(body, node, node.targets[0].target.value):
                found.update(_spine(node.value))
        elif isinstance(node, cst.Attribute) and node.attr.value in _NUMBERS:
            found.update(_spine(node.value))
    return frozenset(found)


def is_taken_out(body: cst.BaseSuite | cst.Module | None, call: cst.CSTNode) -> bool:
    """Whether what a call gives leaves torch at once, or nothing reads it at all."""
    return body is not None and call in _taken_out(body)


@lru_cache(maxsize=256)
def _taken_out(body: cst.BaseSuite | cst.Module) -> frozenset[cst.CSTNode]:
    found: set[cst.CSTNode] = set()
    for node in walk(body):
        if isinstance(node, cst.Attribute) and node.attr.value in _LEAVES:
            found.update(_spine(node.value))
        elif isinstance(node, cst.Assign) and isinstance(node.targets[0].target, cst.Name):
            if node in variables_of(body).dead_stores(node.targets[0].target.value):
                found.update(_spine(node.value))
    return frozenset(found)


def _spine(node: cst.BaseExpression) -> Iterator[cst.CSTNode]:
    """An expression, and what its methods are called on: of `a.b(c).d()` both calls."""
    while isinstance(node, cst.Call | cst.Attribute):
        yield node
        node = node.func if isinstance(node, cst.Call) else node.value


_NUMBERS = frozenset({"item", "detach", "data", "tolist"})
_LEAVES = frozenset({"numpy", "item", "tolist"})
"""Methods that give what is no tensor."""
_SHOWS = frozenset({"print", "float", "round", "str", "format", "isnan", "isfinite"})
"""Functions that only look at the number of a loss."""
_LOGS = frozenset({"log", "log_dict", "log_metrics", "add_scalar", "add_scalars"})
"""Methods that do so with what they are given under a name."""


def _reads(node: cst.CSTNode, shown: bool = False) -> Iterator[tuple[str, bool]]:
    """Each name that is read, and whether only the number is looked at there.

    Args:
        node: where to search.
        shown: whether the node is shown to somebody, as it is.
    """
    if isinstance(node, cst.Name):
        yield node.value, shown
    elif isinstance(node, Assignment) and node.value is not None:
        for target in targets_of(node):
            stored = isinstance(target, cst.Name) and not isinstance(node, cst.AugAssign)
            yield from () if stored else _reads(target)
        yield from _reads(node.value)
    elif isinstance(node, cst.Attribute):  # neither an attribute nor a keyword is a variable
        yield from _reads(node.value, shown or node.attr.value in _NUMBERS)
    elif isinstance(node, cst.Arg):
        yield from _reads(node.value, shown)
    elif isinstance(node, cst.Call):
        called = node.func.attr if isinstance(node.func, cst.Attribute) else node.func
        called_so = called.value if isinstance(called, cst.Name) else ""
        yield from _reads(node.func, shown)
        for index, arg in enumerate(node.args):
            logged = called_so in _LOGS and (index > 0 or isinstance(arg.value, cst.Dict))
            yield from _reads(arg, logged or called_so in _SHOWS)
    else:
        for part in children(node):
            yield from _reads(part, shown or isinstance(node, cst.FormattedStringExpression))
