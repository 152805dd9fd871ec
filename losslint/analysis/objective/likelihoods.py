"""Likelihoods of binary labels, written out: of one label, and as a binary cross entropy."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.domain.trail import steps_of
from losslint.analysis.domain.values import PROBABILITIES, Act, Sign, Tensor
from losslint.analysis.events import Operation, OperationKind
from losslint.analysis.reading.nodes import same
from losslint.analysis.tensors.forms import MOVED

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter


def weighed(made: Tensor, one: Tensor, other: Tensor, node: cst.CSTNode) -> Tensor:
    """The product ``made`` of two tensors; a logarithm among them remembers it."""
    if not isinstance(node, cst.BinaryOperation):
        return made
    parts = _signed(node.left)[0], _signed(node.right)[0]
    for operation in made.operations:
        if operation.kind is OperationKind.LOG and operation.place.node in parts:
            given = operation.operand.trail
            if any(part.act in PROBABILITIES and part.trail is given for part in (one, other)):
                return made  # the probability itself, as in an entropy
            known = replace(operation, product=node)
            return made.but(operations=made.operations - {operation} | {known})
    return made


def of_own_variable(made: Tensor, node: cst.CSTNode) -> frozenset[Operation]:
    """The guarded logarithm of the variable that it is multiplied with: ``p * log(p + eps)``.

    Which of its values the variable has is the same on both sides.
    """
    if not isinstance(node, cst.BinaryOperation):
        return frozenset()
    left, right = _signed(node.left)[0], _signed(node.right)[0]
    return frozenset(
        operation
        for operation in made.operations
        for factor, log in ((left, right), (right, left))
        if operation.kind is OperationKind.LOG
        and operation.place.node is log
        and operation.operand.sign is Sign.POSITIVE
        and isinstance(factor, cst.Name | cst.Attribute)
        and any(same(factor, one) for one in _lifted(_argument(log)))
    )


def _argument(call: cst.BaseExpression) -> cst.BaseExpression:
    """What a function of one argument, or a method without any, is called on."""
    if isinstance(call, cst.Call) and call.args:
        return call.args[0].value
    if isinstance(call, cst.Call) and isinstance(call.func, cst.Attribute):
        return call.func.value
    return call


def _lifted(guarded: cst.BaseExpression) -> tuple[cst.BaseExpression, ...]:
    """What may have been lifted by a constant: either side of a sum, what is clamped."""
    if isinstance(guarded, cst.BinaryOperation) and isinstance(guarded.operator, cst.Add):
        return guarded.left, guarded.right
    if isinstance(guarded, cst.Call) and isinstance(guarded.func, cst.Attribute):
        return (guarded.func.value, *(arg.value for arg in guarded.args[:1]))
    return ()


def summed(run: Interpreter, made: Tensor, one: Tensor, other: Tensor, node: cst.CSTNode) -> Tensor:
    """The sum or difference ``made`` of two tensors, which may be a binary cross entropy."""
    left, right = _weighed_in(one), _weighed_in(other)
    if left is None or right is None or not _is_likelihood(left, right, node):
        return made
    if MOVED in left.operand.marks | right.operand.marks:
        # no function of torch moves one of them alone, as the asymmetric loss does
        return made.but(operations=made.operations - {left, right})
    positive = left if left.operand.act is Act.SIGMOID else right
    whole = Operation(
        OperationKind.CROSS_ENTROPY,
        run.place(node),
        "+",
        positive.operand,
        None,
        steps_of(positive.operand.trail),
        run.repeats(),
    )
    return made.but(operations=made.operations - {left, right} | {whole})


def probability_of_label(run: Interpreter, node: cst.CSTNode) -> Tensor | None:
    """The probability p in ``p * t + (1 - p) * (1 - t)``, which is that of the label t."""
    if not isinstance(node, cst.BinaryOperation) or not isinstance(node.operator, cst.Add):
        return None
    ones, rests = _factors(node.left), _factors(node.right)
    if not ones or not all(isinstance(one, cst.Name) for one in ones):
        ones, rests = rests, ones
    complements = [complemented(rest) for rest in rests]
    for one in ones:
        if not isinstance(one, cst.Name) or not any(
            isinstance(rest, cst.Name) and rest.value == one.value for rest in complements
        ):
            return None
    values = [run.eval(one) for one in ones]
    for value in values:
        if isinstance(value, Tensor) and value.act in PROBABILITIES:
            return value
    return None


def _factors(node: cst.BaseExpression) -> tuple[cst.BaseExpression, ...]:
    """The two factors of a product, or nothing."""
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Multiply):
        return node.left, node.right
    return ()


def complemented(node: cst.BaseExpression) -> cst.BaseExpression | None:
    """What is taken from 1."""
    if (
        isinstance(node, cst.BinaryOperation)
        and isinstance(node.operator, cst.Subtract)
        and isinstance(node.left, cst.Integer | cst.Float)
        and float(node.left.value) == 1
    ):
        return node.right
    return None


def _weighed_in(value: Tensor) -> Operation | None:
    """The only logarithm in a value, where it was multiplied with something."""
    found = [one for one in value.operations if one.kind is OperationKind.LOG]
    return found[0] if len(found) == 1 and found[0].product is not None else None


def _is_likelihood(left: Operation, right: Operation, node: cst.CSTNode) -> bool:
    """Whether ``t * log(p)`` and ``(1 - t) * log(1 - p)`` have the same sign in a sum."""
    positive, negative = left, right
    if left.operand.act is not Act.SIGMOID:
        positive, negative = right, left
    p, rest = positive.operand, negative.operand
    if p.act is not Act.SIGMOID or rest.act is not Act.PROB or p.trail is not rest.trail:
        return False
    if p.zero is not None or rest.zero is not None:
        return False  # what is wrong with the guard comes first
    (target, one_sign), (complement, other_sign) = _factor(positive), _factor(negative)
    taken = complemented(complement)
    return taken is not None and same(taken, target) and one_sign * other_sign == _joint_sign(node)


def _factor(operation: Operation) -> tuple[cst.BaseExpression, int]:
    """What a logarithm was multiplied with, and the sign of the product."""
    product = operation.product
    assert product is not None
    (left, one_sign), (right, other_sign) = _signed(product.left), _signed(product.right)
    return (right if left is operation.place.node else left), one_sign * other_sign


def _joint_sign(node: cst.CSTNode) -> int:
    """-1 for a difference or where one side is negated, 1 where both sides count alike."""
    if not isinstance(node, cst.BinaryOperation):
        return 1
    sign = -1 if isinstance(node.operator, cst.Subtract) else 1
    return sign * _signed(node.left)[1] * _signed(node.right)[1]


def _signed(node: cst.BaseExpression) -> tuple[cst.BaseExpression, int]:
    """An expression without the minus in front of it, and its sign."""
    if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus):
        return node.expression, -1
    return node, 1
