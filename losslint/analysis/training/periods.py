"""If statements that hold in every so many rounds of a loop, going by how they are written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from losslint.analysis.reading.nodes import walk
from losslint.analysis.reading.spelling import dotted
from losslint.analysis.training.trace import Action, Branch, Trace


@dataclass(frozen=True, slots=True)
class Period:
    """A branch whose first arm is taken every so many rounds."""

    branch: Branch
    count: str
    """The number of rounds, as the code has it."""
    counter: cst.BaseExpression
    """What is divided by that number."""

    def counts_rounds_of(self, loop: cst.CSTNode) -> bool:
        """Whether each round of a loop gives the counter another value."""
        read = {dotted(one) for one in walk(self.counter)}
        return any(one in read for one in _set_by(loop))


def period_of(action: Action) -> Period | None:
    """The period of an if statement: ``if (step + 1) % rounds == 0`` and the like."""
    if not isinstance(action, Branch) or action.test is None:
        return None
    found = _remainder(action.test)
    return None if found is None else Period(action, *found)


def periods(trace: Trace) -> Iterator[Period]:
    """The if statements in a round, not in loops inside, that ask for every so many rounds."""
    for action in trace:
        if isinstance(action, Branch):
            for arm in action.arms:
                yield from periods(arm)
            period = period_of(action)
            if period is not None:
                yield period


def _remainder(test: cst.BaseExpression) -> tuple[str, cst.BaseExpression] | None:
    """The divisor and the dividend of a division without remainder that a test asks for."""
    if isinstance(test, cst.BooleanOperation):
        return _remainder(test.left) or _remainder(test.right)
    if isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
        return _modulo(test.expression)
    if isinstance(test, cst.Comparison) and len(test.comparisons) == 1:
        if isinstance(test.comparisons[0].operator, cst.Equal):
            return _modulo(test.left)
    return None


def _modulo(node: cst.BaseExpression) -> tuple[str, cst.BaseExpression] | None:
    if not isinstance(node, cst.BinaryOperation) or not isinstance(node.operator, cst.Modulo):
        return None
    if isinstance(node.right, cst.Integer):
        return None if node.right.value == "1" else (node.right.value, node.left)
    return dotted(node.right), node.left


def _set_by(loop: cst.CSTNode) -> Iterator[str]:
    """What the rounds of a loop set: its own target, and what they assign."""
    for one in walk(loop):
        if isinstance(one, cst.AssignTarget | cst.AugAssign) or (
            one is loop and isinstance(one, cst.For)
        ):
            yield from map(dotted, walk(one.target))
