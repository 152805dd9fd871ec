"""Binary cross entropies of sigmoids that a product with the rows of the data has picked.

That is how the answer to the question that was asked is found among those to all questions:
``(p * asked).sum(1)``. A sum of several sigmoids would be no probability, and nobody takes the
logarithm of its complement.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.domain.trail import steps_of
from losslint.analysis.domain.values import Act, Sign, Tensor
from losslint.analysis.events import Operation, OperationKind
from losslint.analysis.objective.likelihoods import complemented
from losslint.analysis.reading.nodes import same
from losslint.analysis.reading.spelling import dotted

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter

PICKED_SIGMOIDS = "sigmoids picked by rows"
"""The mark of a product of sigmoids and data, and of what is made of it."""


def picked_by_rows(made: Tensor, one: Tensor, other: Tensor) -> Tensor:
    """The product of two tensors, marked where one are sigmoids and the other is data."""
    for sigmoids, rows in ((one, other), (other, one)):
        if sigmoids.act is Act.SIGMOID and sigmoids.grad and not (rows.grad or rows.deps):
            return made.but(marks=made.marks | {PICKED_SIGMOIDS}, trail=sigmoids.trail)
    return made


def summed(run: Interpreter, made: Tensor, one: Tensor, other: Tensor, node: cst.CSTNode) -> Tensor:
    """The sum of two tensors, which may be the cross entropy of what was picked."""
    if PICKED_SIGMOIDS not in one.marks or PICKED_SIGMOIDS not in other.marks:
        return made
    if not isinstance(node, cst.BinaryOperation) or not isinstance(node.operator, cst.Add):
        return made
    left, right = _weighed_log(node.left), _weighed_log(node.right)
    if left is None or right is None:
        return made
    for (label, p), (rest, negated) in ((left, right), (right, left)):
        complement, guarded = _unguarded(negated)
        taken = complemented(rest)
        if taken is not None and same(taken, label):
            given, lifted = _unguarded(p)
            inner = complemented(complement)
            if inner is not None and same(inner, given):
                sign = Sign.POSITIVE if guarded or lifted else Sign.UNKNOWN
                of = Tensor(deps=one.deps, sign=sign, trail=one.trail, confidence=one.confidence)
                whole = Operation(
                    OperationKind.CROSS_ENTROPY,
                    run.place(node),
                    "+",
                    of,
                    None,
                    steps_of(one.trail),
                    run.repeats(),
                )
                marks = made.marks - {PICKED_SIGMOIDS}
                return made.but(operations=made.operations | {whole}, marks=marks)
    return made


def _weighed_log(
    node: cst.BaseExpression,
) -> tuple[cst.BaseExpression, cst.BaseExpression] | None:
    """What a logarithm is multiplied with, and what it is of."""
    if not isinstance(node, cst.BinaryOperation) or not isinstance(node.operator, cst.Multiply):
        return None
    for weight, log in ((node.left, node.right), (node.right, node.left)):
        if isinstance(log, cst.Call) and dotted(log.func).rpartition(".")[2] == "log":
            if log.args:
                return weight, log.args[0].value
            if isinstance(log.func, cst.Attribute):
                return weight, log.func.value
    return None


def _unguarded(node: cst.BaseExpression) -> tuple[cst.BaseExpression, bool]:
    """What an eps is added to, and whether one is."""
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Add):
        return node.left, True
    return node, False
