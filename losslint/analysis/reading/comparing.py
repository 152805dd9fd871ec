"""Comparisons of two things, by operators or by functions."""

from __future__ import annotations

import libcst as cst

from losslint.analysis.reading.spelling import dotted

SIGNS: dict[str, type[cst.BaseCompOp]] = {
    "eq": cst.Equal,
    "ne": cst.NotEqual,
    "not_equal": cst.NotEqual,
    "gt": cst.GreaterThan,
    "greater": cst.GreaterThan,
    "lt": cst.LessThan,
    "less": cst.LessThan,
    "ge": cst.GreaterThanEqual,
    "greater_equal": cst.GreaterThanEqual,
    "le": cst.LessThanEqual,
    "less_equal": cst.LessThanEqual,
}
"""The signs that functions of torch stand for, by their names."""


def comparison_of(node: cst.CSTNode | None) -> cst.Comparison | None:
    """The comparison of two things that an expression is: ``a > b``, ``a.gt(b)``."""
    if isinstance(node, cst.Comparison):
        return node if len(node.comparisons) == 1 else None
    if not isinstance(node, cst.Call) or not isinstance(node.func, cst.Attribute):
        return None
    sign = SIGNS.get(node.func.attr.value)
    sides = [one.value for one in node.args if not one.star]
    if dotted(node.func.value) != "torch":
        sides.insert(0, node.func.value)
    if sign is None or len(sides) != 2:
        return None
    return cst.Comparison(sides[0], [cst.ComparisonTarget(sign(), sides[1])])
