"""Tests whether a round of a loop is its last: ``if i < len(layers) - 1``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from operator import eq, ge, gt, le, lt, ne
from typing import TYPE_CHECKING, NamedTuple, TypeGuard

import libcst as cst

from losslint.analysis.domain.values import FALSE, TRUE, Const
from losslint.analysis.reading.nodes import same, walk
from losslint.analysis.reading.spelling import dotted

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter

_TRAINS = frozenset({"backward", "step", "zero_grad", "train", "eval", "log", "update"})
"""Methods that are no part of a network: what epochs and batches do is judged for every round."""
_SIGNS: dict[type[cst.BaseCompOp], Callable[[int, int], bool]] = {
    cst.LessThan: lt,
    cst.LessThanEqual: le,
    cst.GreaterThan: gt,
    cst.GreaterThanEqual: ge,
    cst.Equal: eq,
    cst.NotEqual: ne,
}


class _Sum(NamedTuple):
    """An expression and a number that is added to it."""

    base: cst.BaseExpression | None
    number: int

    def is_beside(self, other: _Sum) -> bool:
        """Whether both differ by a known number."""
        if self.base is None or other.base is None:
            return self.base is other.base
        return same(self.base, other.base)


def of_last_round(run: Interpreter, node: cst.Comparison) -> Const | None:
    """What a test of the index of a loop comes out as in this round, where that is its last or
    any before."""
    for one in reversed(run.looping):
        if one.repeats and isinstance(one.node, cst.For):
            outcome = tests_of_last(one.node).get(id(node))
            if outcome is not None:
                return TRUE if outcome is one.last else FALSE
    return None


@lru_cache(maxsize=1_024)
def tests_of_last(loop: cst.For) -> Mapping[int, bool]:
    """The comparisons in a loop that come out one way in its last round, and the other way before.

    Returns:
        By the identity of the comparison what it is in the last round.
    """
    bounds = _bounds(loop)
    if not bounds or _is_training(loop):
        return {}
    found: dict[int, bool] = {}
    for node in walk(loop.body):
        if isinstance(node, cst.Comparison) and len(node.comparisons) == 1:
            outcome = _outcome(node, *bounds)
            if outcome is not None:
                found[id(node)] = outcome
    return found


def _is_training(loop: cst.For) -> bool:
    return any(
        isinstance(node, cst.Call) and dotted(node.func).rpartition(".")[2] in _TRAINS
        for node in walk(loop.body)
    )


def _bounds(loop: cst.For) -> tuple[str, list[_Sum]] | None:
    """The variable that holds the index of a round, and the forms of the last one."""
    source, target = loop.iter, loop.target
    if not isinstance(source, cst.Call) or not source.args:
        return None
    called = dotted(source.func).rpartition(".")[2]
    if called in ("range", "trange") and isinstance(target, cst.Name) and len(source.args) < 3:
        end = _sum(source.args[-1].value)
        return target.value, [_Sum(end.base, end.number - 1)]
    if called != "enumerate" or len(source.args) != 1 or not isinstance(target, cst.Tuple):
        return None
    index = target.elements[0].value
    walked = source.args[0].value
    sources = [walked]
    if isinstance(walked, cst.Call) and dotted(walked.func) == "zip":
        sources = [arg.value for arg in walked.args]
    if not isinstance(index, cst.Name):
        return None
    return index.value, [_Sum(_length_of(one), -1) for one in sources]


def _length_of(node: cst.BaseExpression) -> cst.Call:
    return cst.Call(cst.Name("len"), [cst.Arg(node)])


def _sum(node: cst.BaseExpression) -> _Sum:
    if _is_small(node):
        return _Sum(None, int(node.value, 0))
    if isinstance(node, cst.BinaryOperation) and _is_small(node.right):
        number = int(node.right.value, 0)
        left = _sum(node.left)
        if isinstance(node.operator, cst.Add):
            return _Sum(left.base, left.number + number)
        if isinstance(node.operator, cst.Subtract):
            return _Sum(left.base, left.number - number)
    return _Sum(node, 0)


_DIGITS = 18


def _is_small(node: cst.BaseExpression) -> TypeGuard[cst.Integer]:
    """Whether a node is a number that can count rounds; Python refuses to read the longest."""
    return isinstance(node, cst.Integer) and len(node.value) <= _DIGITS


def _outcome(node: cst.Comparison, index: str, last: list[_Sum]) -> bool | None:
    """What a comparison is in the last round, where it is the opposite in every other."""
    test = _SIGNS.get(type(node.comparisons[0].operator))
    left, right = _sum(node.left), _sum(node.comparisons[0].comparator)
    if test is None or not isinstance(left.base, cst.Name) or left.base.value != index:
        return None
    for end in last:
        if right.is_beside(end):
            reached = end.number + left.number
            outcome = test(reached, right.number)
            earlier = {test(reached - back, right.number) for back in (1, 2, 3)}
            return outcome if earlier == {not outcome} else None
    return None
