"""Loops that go through a batch in parts, going by how they are written."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import lru_cache

import libcst as cst

from losslint.analysis.reading.nodes import children, walk
from losslint.analysis.reading.spelling import dotted

_TAKING_APART = frozenset({"split", "chunk", "tensor_split"})


@lru_cache(maxsize=1_024)
def parts_of_batch(loop: cst.CSTNode) -> str:
    """What the parts are that a loop goes through, as text; empty if it is no loop like that.

    ``for part in x.split(16)`` is one, and so is ``for i in range(0, len(x), 16)`` where ``x`` is
    sliced from ``i`` on. What hands a state on from part to part goes through a sequence.
    """
    if not isinstance(loop, cst.For) or _hands_on(loop.body):
        return ""
    source = loop.iter
    if isinstance(source, cst.Call) and dotted(source.func) in ("zip", "enumerate"):
        sources = [arg.value for arg in source.args]
    else:
        sources = [source]
    for one in sources:
        if isinstance(one, cst.Call) and dotted(one.func).rpartition(".")[2] in _TAKING_APART:
            return f"{dotted(one)}"
    if isinstance(source, cst.Call) and dotted(source.func) in ("range", "trange", "tqdm.trange"):
        if isinstance(loop.target, cst.Name) and _slices(loop.body, loop.target.value):
            return f"{dotted(source)}"
    return ""


def _slices(body: cst.BaseSuite, index: str) -> bool:
    """Whether something is sliced from a multiple of the index on, and on to the next."""
    counted = _made_of(body, index)
    for node in walk(body):
        bounds: list[cst.BaseExpression | None] = []
        if isinstance(node, cst.Slice):
            bounds = [node.lower, node.upper]
        elif isinstance(node, cst.Call) and dotted(node.func) == "slice":
            bounds = [arg.value for arg in node.args[:2]]
        if len(bounds) == 2 and all(one is not None and _reads(one, counted) for one in bounds):
            return True
    return False


def _made_of(body: cst.BaseSuite, index: str) -> frozenset[str]:
    """The index, and the variables that a round makes of it: where a part begins, where it ends."""
    made = {index}
    for node in walk(body):
        if isinstance(node, cst.Assign) and isinstance(node.value, cst.BinaryOperation):
            if _reads(node.value, made):
                made.update(dotted(one.target) for one in node.targets)
    return frozenset(made)


def _reads(node: cst.CSTNode, names: Collection[str]) -> bool:
    return any(isinstance(one, cst.Name) and one.value in names for one in walk(node))


def _hands_on(body: cst.BaseSuite) -> bool:
    """Whether a variable that a round assigns is read in it before that: the state of a network."""
    assigned = {
        one.value
        for statement in walk(body)
        if isinstance(statement, cst.AssignTarget)
        for one in walk(statement.target)
        if isinstance(one, cst.Name)
    }
    written: set[str] = set()
    for read, name in _accesses(body):
        if read and name in assigned and name not in written:
            return True
        if not read:
            written.add(name)
    return False


def _accesses(node: cst.CSTNode) -> Iterator[tuple[bool, str]]:
    """The names in a block in the order in which they are read or, with False, written."""
    if isinstance(node, cst.Assign):
        yield from _accesses(node.value)
        for target in node.targets:
            for one in walk(target.target):
                if isinstance(one, cst.Name):
                    yield False, one.value
    elif isinstance(node, cst.Name):
        yield True, node.value
    elif isinstance(node, cst.Attribute | cst.Arg):
        yield from _accesses(node.value)
    else:
        for child in children(node):
            yield from _accesses(child)
