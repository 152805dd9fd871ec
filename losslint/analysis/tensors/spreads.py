"""Differences of a mean of squares and the square of a mean, as in a scale-invariant error."""

from __future__ import annotations

import libcst as cst

from losslint.analysis.reading.nodes import same
from losslint.analysis.reading.spelling import dotted


def is_spread(node: cst.CSTNode) -> bool:
    """Whether it is ``mean(d ** 2) - focus * mean(d) ** 2``, whatever the focus."""
    if not isinstance(node, cst.BinaryOperation):
        return False
    squared = _given(node.left, "mean")
    varied = _squared(squared) if squared is not None else None
    if varied is None:
        return False
    for factor in _factors(node.right):
        mean = _squared(factor)
        of = _given(mean, "mean") if mean is not None else None
        if of is not None and same(of, varied):
            return True
    return False


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
