"""If statements that hold in every so many rounds of a loop, going by how they are written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from losslint.analysis.reading.nodes import same, walk
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


def period_of(action: Action, loop: cst.CSTNode) -> Period | None:
    """The period of an if statement: ``if (step + 1) % rounds == 0`` and the like.

    So is ``if held == rounds`` where the loop adds one to that and the statement sets it to zero.
    """
    if not isinstance(action, Branch) or action.test is None:
        return None
    found = _remainder(action.test) or _counted(action.test, loop)
    return None if found is None else Period(action, *found)


def periods(trace: Trace, loop: cst.CSTNode) -> Iterator[Period]:
    """The if statements in a round, not in loops inside, that ask for every so many rounds."""
    for action in trace:
        if isinstance(action, Branch):
            for arm in action.arms:
                yield from periods(arm, loop)
            period = period_of(action, loop)
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


def _counted(test: cst.BaseExpression, loop: cst.CSTNode) -> tuple[str, cst.BaseExpression] | None:
    """The number that a counter of rounds comes to, which the statement then sets to zero."""
    if not isinstance(test, cst.Comparison) or len(test.comparisons) != 1:
        return None
    counter, most = test.left, test.comparisons[0].comparator
    reaches = isinstance(test.comparisons[0].operator, cst.Equal | cst.GreaterThanEqual)
    if not reaches or not isinstance(counter, cst.Name | cst.Attribute):
        return None
    text = most.value if isinstance(most, cst.Integer) else dotted(most)
    if not isinstance(most, cst.Name | cst.Attribute | cst.Integer) or text in ("0", "1"):
        return None
    chosen = [one for one in walk(loop) if isinstance(one, cst.If) and one.test is test]
    reset = any(_sets(one, counter, "0") for each in chosen for one in walk(each.body))
    counts = any(
        isinstance(one, cst.AugAssign)
        and isinstance(one.operator, cst.AddAssign)
        and same(one.target, counter)
        and _is_integer(one.value, "1")
        for one in walk(loop)
    )
    return (text, counter) if reset and counts else None


def _sets(node: cst.CSTNode, target: cst.BaseExpression, value: str) -> bool:
    """Whether a statement gives a variable a certain number."""
    return (
        isinstance(node, cst.Assign)
        and _is_integer(node.value, value)
        and any(same(one.target, target) for one in node.targets)
    )


def _is_integer(node: cst.CSTNode, value: str) -> bool:
    return isinstance(node, cst.Integer) and node.value == value


def _set_by(loop: cst.CSTNode) -> Iterator[str]:
    """What the rounds of a loop set: its own target, and what they assign."""
    for one in walk(loop):
        if isinstance(one, cst.AssignTarget | cst.AugAssign) or (
            one is loop and isinstance(one, cst.For)
        ):
            yield from map(dotted, walk(one.target))
