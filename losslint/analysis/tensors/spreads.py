"""Differences of a mean of squares and the square of a mean, as in a scale-invariant error."""

from __future__ import annotations

from enum import Enum

import libcst as cst

from losslint.analysis.reading.assigned import assigned_once
from losslint.analysis.reading.nodes import same
from losslint.analysis.reading.spelling import dotted


class Spread(Enum):
    """What ``mean(d ** 2) - focus * mean(d) ** 2`` is."""

    VARIANCE = "variance"
    """There is no focus: that of equal values is zero."""
    FOCUSED = "focused"
    """A part of the mean is taken away only."""


def spread(node: cst.CSTNode, body: cst.BaseSuite | None) -> Spread | None:
    """What kind of spread a difference is, if it is one.

    Args:
        node: the difference.
        body: the function that it is in, which may have given names to its parts.
    """
    if not isinstance(node, cst.BinaryOperation):
        return None
    squared = _given(assigned_once(body, node.left), "mean")
    varied = _squared(squared) if squared is not None else None
    if varied is None:
        return None
    factors = _factors(node.right)
    for factor in factors:
        mean = _squared(factor)
        of = _given(assigned_once(body, mean), "mean") if mean is not None else None
        if of is not None and same(of, varied):
            return Spread.VARIANCE if len(factors) == 1 else Spread.FOCUSED
    return None


def _factors(node: cst.BaseExpression) -> list[cst.BaseExpression]:
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Multiply):
        return [*_factors(node.left), *_factors(node.right)]
    return [node]


def _given(node: cst.BaseExpression, function: str) -> cst.BaseExpression | None:
    """What a function of torch, or a method called so, is called on."""
    if not isinstance(node, cst.Call) or not isinstance(node.func, cst.Attribute):
        return None
    if node.func.attr.value != function:
        return None
    if dotted(node.func.value) == "torch":
        return node.args[0].value if node.args else None
    return node.func.value


def _squared(node: cst.BaseExpression) -> cst.BaseExpression | None:
    """What is squared: by an operator, ``pow`` or ``square``."""
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Power):
        return node.left if _is_two(node.right) else None
    if isinstance(node, cst.Call) and (given := _given(node, "pow")) is not None:
        return given if node.args and _is_two(node.args[-1].value) else None
    return _given(node, "square")


def _is_two(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Integer | cst.Float) and float(node.value) == 2
