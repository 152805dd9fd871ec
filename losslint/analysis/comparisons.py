"""Comparisons that the code makes twice: what a test of the one says of the other.

A mask selects something if an element was seen to be above its threshold, and of two selections
that compare the same quantities with each other the one is hardly empty where the other is not.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.nodes import children, same

if TYPE_CHECKING:
    from losslint.analysis.values import ZeroReason


def is_of_itself(node: cst.CSTNode) -> bool:
    """Whether something is compared with itself, as only NaN is not equal to."""
    if not isinstance(node, cst.Comparison) or len(node.comparisons) != 1:
        return False
    return same(node.left, node.comparisons[0].comparator)


_VIEWS = frozenset(
    {"t", "T", "mT", "transpose", "permute", "unsqueeze", "view", "reshape", "contiguous"}
)


def is_of_pairs(node: cst.CSTNode) -> bool:
    """Whether the rows of something meet those of itself: `x @ x.t()`, `torch.mm(x, x.T)`."""
    if isinstance(node, cst.BinaryOperation):
        sides = [node.left, node.right]
    elif isinstance(node, cst.Call) and len(node.args) == 2:
        sides = [one.value for one in node.args]
    elif isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and node.args:
        sides = [node.func.value, node.args[0].value]
    else:
        return False
    return same(_viewed(sides[0]), _viewed(sides[1]))


def _viewed(node: cst.BaseExpression) -> cst.BaseExpression:
    """What an expression is a view of."""
    while True:
        attribute = node.func if isinstance(node, cst.Call) else node
        if not isinstance(attribute, cst.Attribute) or attribute.attr.value not in _VIEWS:
            return node
        node = attribute.value


def is_tested(mask: ZeroReason, tested: Iterable[ZeroReason]) -> bool:
    """Whether a test of another comparison in the same function is about a mask as well.

    Args:
        mask: why nothing may be selected.
        tested: the reasons that the program tests for.
    """
    node = mask.place.node
    if mask.kind != "mask" or not isinstance(node, cst.Comparison):
        return False
    return any(
        one.kind == "mask"
        and one.place.file is mask.place.file
        and one.place.node is not node
        and isinstance(one.place.node, cst.Comparison)
        and _is_alike(one.place.node, node)
        and _share_a_function(mask.place.file.tree, one.place.node, node)
        for one in tested
    )


def _is_alike(one: cst.Comparison, other: cst.Comparison) -> bool:
    """Whether two comparisons are of the same quantities, or of elements of them."""
    quantities = _quantities(one)
    if quantities != _quantities(other):
        return False
    if len(quantities) > 1:
        return True
    ours, theirs = _sides(one), _sides(other)
    return len(ours) == len(theirs) and all(map(same, ours, theirs))


def _sides(comparison: cst.Comparison) -> list[cst.CSTNode]:
    """What is compared with what; of an element, the tensor that it is taken from."""
    left = comparison.left
    while isinstance(left, cst.Subscript):
        left = left.value
    return [left, *comparison.comparisons]


def _quantities(comparison: cst.Comparison) -> frozenset[str]:
    """The names and attributes that are compared; not those that only say which element."""
    found: set[str] = set()
    pending: list[cst.CSTNode] = [comparison]
    while pending:
        node = pending.pop()
        if isinstance(node, cst.Subscript):
            pending.append(node.value)
        elif isinstance(node, cst.Attribute):
            found.add(node.attr.value)
        elif isinstance(node, cst.Name):
            found.add(node.value)
        else:
            pending += children(node)
    return frozenset(found)


def _share_a_function(tree: cst.Module, one: cst.CSTNode, other: cst.CSTNode) -> bool:
    """Whether two nodes are in one function, or both at the top level."""
    return _function_around(tree, one) is _function_around(tree, other)


def _function_around(tree: cst.Module, wanted: cst.CSTNode) -> cst.FunctionDef | None:
    """The innermost function that a node is in."""
    pending: list[tuple[cst.CSTNode, cst.FunctionDef | None]] = [(tree, None)]
    while pending:
        node, function = pending.pop()
        if node is wanted:
            return function
        inner = node if isinstance(node, cst.FunctionDef) else function
        pending += [(child, inner) for child in children(node)]
    return None
