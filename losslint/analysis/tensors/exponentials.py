"""Quotients of exponentials: softmaxes and sigmoids written out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.domain.conditions import is_number
from losslint.analysis.domain.numbers import number
from losslint.analysis.domain.trail import steps_of
from losslint.analysis.domain.values import Act, Sign, Tensor, Value
from losslint.analysis.events import Operation, OperationKind
from losslint.analysis.reading.nodes import same
from losslint.analysis.tensors.forms import FALLING, FEW_EXP, LIFTED_SUM, RAW_EXP
from losslint.analysis.tensors.operations import with_operation, without

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter


def same_start(one: Tensor, other: Tensor) -> bool:
    """Whether two values came out of the same expression first, or of two that read the same."""
    first, second = steps_of(one.trail), steps_of(other.trail)
    if not first or not second:
        return False
    return same(first[0].place.node, second[0].place.node)


def softmax_by_hand(
    run: Interpreter, made: Tensor, one: Tensor, other: Tensor, node: cst.CSTNode
) -> Tensor:
    """An exponential over a sum of exponentials: a softmax, where both are of the same values."""
    made = without(made, OperationKind.EXP).but(sign=Sign.NON_NEGATIVE)
    steps = steps_of(one.trail)
    if FALLING in one.marks and LIFTED_SUM in other.marks:
        return made  # no exponential overflows, and where all vanish their shares are zero
    if steps and other.trail is not None and (one.grad or one.deps):  # data is as its author knows
        operation = Operation(
            OperationKind.SOFTMAX, run.place(node), "/", one, other, steps, run.repeats()
        )
        made = with_operation(run, made, operation)
        if not same_start(one, other):
            return made
    return made.but(act=Act.SOFTMAX, trail=one.trail)


def is_sigmoid(one: Tensor, other: Tensor, node: cst.CSTNode) -> bool:
    """Whether it is ``exp(x) / (1 + exp(x))``, or ``exp(x) / (exp(x) + exp(y))``, of an output."""
    if other.shape not in _ONE_MORE or RAW_EXP not in one.marks:
        return False
    divisor = node.right if isinstance(node, cst.BinaryOperation) else None
    return (
        isinstance(node, cst.BinaryOperation)
        and isinstance(divisor, cst.BinaryOperation)
        and isinstance(divisor.operator, cst.Add)
        and any(same(node.left, side) for side in (divisor.left, divisor.right))
    )


_ONE_MORE = frozenset({"1+exp", FEW_EXP})
"""Forms of an exponential to which a one, or another exponential, was added."""


def sigmoid_by_hand(
    run: Interpreter, made: Tensor, one: Tensor, other: Tensor, node: cst.CSTNode
) -> Tensor:
    """An exponential over itself and one more: both overflow where the output is large."""
    operation = Operation(
        OperationKind.SIGMOID, run.place(node), "/", one, other, steps_of(one.trail), run.repeats()
    )
    return with_operation(run, made, operation)


def is_mean_of_exponentials(one: Tensor, scale: Value) -> bool:
    """Whether a sum of exponentials is scaled: its logarithm only moves by a number."""
    return one.shape == "sumexp" and is_number(scale) and (number(scale) or 1) > 0
