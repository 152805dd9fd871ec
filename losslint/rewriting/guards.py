"""Small constants that keep a divisor or the argument of a logarithm away from zero."""

from __future__ import annotations

import libcst as cst

from losslint.analysis.domain.trail import Place
from losslint.fix import Change, Edge, Fix, Safety, offered, replaced
from losslint.rewriting.logarithms import operand
from losslint.rewriting.names import Names, names_of
from losslint.rewriting.tree import code, in_parentheses

EPSILON = "1e-8"
_LOGARITHMS = ("log", "log2", "log10")


def guarded_division(place: Place) -> Fix | None:
    """A small constant added to the divisor of a division."""
    node = place.node
    divisor = _divisor(names_of(place.file), node)
    if divisor is None or "#" in code(divisor):
        return None
    text = f"{unwrapped(divisor)} + {EPSILON}"
    needs_none = divisor.lpar or isinstance(node, cst.AugAssign | cst.Call)
    change = replaced(Place(place.file, divisor), text if needs_none else f"({text})")
    return offered(f"add {EPSILON} to the divisor", Safety.UNSAFE, change)


def guarded_logarithm(place: Place) -> Fix | None:
    """The argument of a logarithm, no smaller than a small constant."""
    change = _clamped(place, names_of(place.file))
    return offered(f"clamp the argument at {EPSILON}", Safety.UNSAFE, change)


def _clamped(place: Place, names: Names) -> Change | None:
    node = place.node
    if not isinstance(node, cst.Call):
        return None
    inner = next(filter(None, (operand(names, node, name) for name in _LOGARITHMS)), None)
    if inner is None:
        return None
    if not node.args and isinstance(node.func, cst.Attribute):
        start = Edge(Place(place.file, node.func.attr))
        return Change(start, start, f"clamp(min={EPSILON}).")
    if "#" in code(node):
        return None
    text = f"{in_parentheses(inner)}.clamp(min={EPSILON})"
    # The range of a node leaves out its parentheses: those would be doubled.
    return replaced(place, f"{code(node.func)}({text})")


def guarded_root(place: Place) -> Fix | None:
    """The argument of a square root, kept away from zero.

    A difference can come out below zero, so it is clamped; to anything else a constant is added.
    """
    node, names = place.node, names_of(place.file)
    inner = operand(names, node, "sqrt") if isinstance(node, cst.Call) else None
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Power):
        inner = node.left
    if inner is None or "#" in code(inner):
        return None
    is_difference = isinstance(inner, cst.BinaryOperation) and isinstance(
        inner.operator, cst.Subtract
    )
    is_argument = isinstance(node, cst.Call) and bool(node.args)
    text = f"{unwrapped(inner)} + {EPSILON}"
    if not is_difference:
        whole = text if inner.lpar or is_argument else f"({text})"
        change = replaced(Place(place.file, inner), whole)
    elif isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and not is_argument:
        start = Edge(Place(place.file, node.func.attr))
        change = Change(start, start, f"clamp(min={EPSILON}).")
    else:
        change = replaced(Place(place.file, inner), f"({unwrapped(inner)}).clamp(min={EPSILON})")
    return offered(f"keep the argument above {EPSILON}", Safety.UNSAFE, change)


def _divisor(names: Names, node: cst.CSTNode) -> cst.BaseExpression | None:
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Divide):
        return node.right
    if isinstance(node, cst.AugAssign) and isinstance(node.operator, cst.DivideAssign):
        return node.value
    if isinstance(node, cst.Call) and not any(argument.star for argument in node.args):
        values = [argument.value for argument in node.args if argument.keyword is None]
        if names.qualified(node.func) in ("torch.div", "torch.true_divide"):
            return values[1] if len(values) == 2 else None
        method = isinstance(node.func, cst.Attribute) and node.func.attr.value in ("div", "div_")
        if method and not names.qualified(node.func):
            return values[0] if len(values) == 1 else None
    return None


def unwrapped(node: cst.BaseExpression) -> str:
    """The text between the parentheses of a node, in which a sum may need its own."""
    text = code(node.with_changes(lpar=[], rpar=[]))
    loose = cst.IfExp | cst.Lambda | cst.BooleanOperation | cst.Comparison | cst.UnaryOperation
    return f"({text})" if isinstance(node, loose) else text
