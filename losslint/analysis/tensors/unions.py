"""Differences that are what is in either of two: ``a + b - a * b``."""

from __future__ import annotations

import libcst as cst

from losslint.analysis.reading.nodes import same
from losslint.analysis.reading.spelling import dotted


def is_either(node: cst.CSTNode) -> bool:
    """Whether it is ``a + b - a * b``, the probability of either."""
    if not isinstance(node, cst.BinaryOperation):
        return False
    added, both = node.left, node.right
    return (
        isinstance(added, cst.BinaryOperation)
        and isinstance(added.operator, cst.Add)
        and isinstance(both, cst.BinaryOperation)
        and isinstance(both.operator, cst.Multiply)
        and any(
            same(added.left, one) and same(added.right, other)
            for one, other in ((both.left, both.right), (both.right, both.left))
        )
    )


def is_union_within(node: cst.CSTNode) -> bool:
    """Whether it is ``a * m + b * m - a * b * m``, two regions in a mask, may be empty."""
    if not isinstance(node, cst.BinaryOperation):
        return False
    both = node.left
    if not isinstance(both, cst.BinaryOperation) or not isinstance(both.operator, cst.Add):
        return False
    one, other, common = _factors(both.left), _factors(both.right), _factors(node.right)
    return "" not in common and bool(one & other) and one != other and one | other == common


def _factors(node: cst.BaseExpression) -> frozenset[str]:
    """The names of what is multiplied; an empty one for what has none."""
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Multiply):
        return _factors(node.left) | _factors(node.right)
    return frozenset({dotted(node)})
