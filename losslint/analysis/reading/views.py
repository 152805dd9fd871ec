"""Expressions that are other views of the same tensor: reshaped, moved, of another type."""

from __future__ import annotations

import libcst as cst

from losslint.analysis.reading.spelling import dotted

_VIEWS = frozenset(
    "t T mT transpose permute unsqueeze view reshape contiguous expand expand_as "
    "bool byte float to cuda".split()
)


def viewed(node: cst.BaseExpression) -> cst.BaseExpression:
    """What an expression is a view of."""
    while True:
        if isinstance(node, cst.Subscript) and all(map(_is_whole_axis, node.slice)):
            node = node.value
            continue
        attribute = node.func if isinstance(node, cst.Call) else node
        if not isinstance(attribute, cst.Attribute) or attribute.attr.value not in _VIEWS:
            return node
        if isinstance(node, cst.Call) and dotted(attribute.value) == "torch" and node.args:
            node = node.args[0].value
        else:
            node = attribute.value


def _is_whole_axis(axis: cst.SubscriptElement) -> bool:
    """Whether a subscript keeps an axis as it is, or adds one: `:`, `...`, `None`."""
    part = axis.slice
    if isinstance(part, cst.Slice):
        return not (part.lower or part.upper or part.step)
    index = part.value if isinstance(part, cst.Index) else None
    return isinstance(index, cst.Ellipsis) or (
        isinstance(index, cst.Name) and index.value == "None"
    )
