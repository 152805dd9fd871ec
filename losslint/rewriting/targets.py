"""Class indices in the place of one-hot rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from losslint.fix import Fix, Safety, offered, replaced
from losslint.rewriting.criteria import given
from losslint.rewriting.names import FUNCTIONAL, Names, names_of
from losslint.rewriting.tree import Tree, bare, code, in_parentheses, is_atom, tree_of
from losslint.rewriting.variables import variable

if TYPE_CHECKING:
    from losslint.analysis.domain.trail import Place

_CASTS = ("float", "double", "half", "to", "type", "cuda", "cpu")
_FLAT = ("flatten", "ravel")


def class_indices(place: Place) -> Fix | None:
    """Passes the indices that one-hot rows were made of.

    Safe where they have one dimension for sure and become floats: with more of them the rows have
    their classes last, where a cross entropy does not look.
    """
    tree, names, call = tree_of(place.file), names_of(place.file), place.node
    target = given(call, 1, "target") if isinstance(call, cst.Call) else None
    if target is None:
        return None
    if isinstance(target, cst.Name):
        known = variable(tree, target)
        if known is None or known.loads != (target,):
            return None
        if tree.function(known.value) is not tree.function(target):
            return None
        target = known.value
    rows, is_float = _without_casts(target)
    indices = _indices(names, rows)
    if indices is None or "#" in code(target):
        return None
    is_safe = is_float and isinstance(rows, cst.Call) and _is_vector(indices)
    text = _text(tree, target, indices)
    safety = Safety.SAFE if is_safe else Safety.UNSAFE
    return offered("pass the class indices", safety, replaced(tree.place(target), text))


def _without_casts(node: cst.BaseExpression) -> tuple[cst.BaseExpression, bool]:
    """The expression behind conversions, and whether one of them makes floats."""
    is_float = False
    while (
        isinstance(node, cst.Call)
        and isinstance(node.func, cst.Attribute)
        and node.func.attr.value in _CASTS
    ):
        to = code(node.args[0].value) if node.args else ""
        is_float |= node.func.attr.value in ("float", "double") or "float" in to
        node = node.func.value
    return node, is_float


def _indices(names: Names, node: cst.BaseExpression) -> cst.BaseExpression | None:
    """What one-hot rows are made of: ``one_hot(y, n)`` or ``eye(n)[y]``."""
    if isinstance(node, cst.Call) and names.qualified(node.func) == f"{FUNCTIONAL}.one_hot":
        return given(node, 0, "tensor")
    if isinstance(node, cst.Subscript) and isinstance(node.value, cst.Call):
        eye = names.qualified(node.value.func) == "torch.eye"
        index = node.slice[0].slice if len(node.slice) == 1 else None
        if eye and isinstance(index, cst.Index) and index.star is None:
            return index.value
    return None


def _is_vector(node: cst.BaseExpression) -> bool:
    """Whether an expression says itself that it has one dimension."""
    if not isinstance(node, cst.Call) or not isinstance(node.func, cst.Attribute):
        return False
    if node.func.attr.value in _FLAT:
        return not node.args
    shape = [code(argument.value) for argument in node.args]
    return node.func.attr.value in ("view", "reshape") and shape == ["-1"]


def _text(tree: Tree, target: cst.BaseExpression, indices: cst.BaseExpression) -> str:
    up = tree.parent(target)
    if isinstance(up, cst.Arg) and is_atom(indices):
        return bare(indices) if "\n" not in code(indices) else code(indices)
    return in_parentheses(indices)
