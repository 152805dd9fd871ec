"""Expressions as the code spells them, for messages."""

from __future__ import annotations

import re

import libcst as cst


def dotted(node: cst.CSTNode) -> str:
    """An expression as text, shortened."""
    if isinstance(node, cst.Attribute):
        return f"{dotted(node.value)}.{node.attr.value}"
    if isinstance(node, cst.Subscript):
        return f"{dotted(node.value)}[...]"
    if isinstance(node, cst.Call):
        return f"{dotted(node.func)}(...)"
    return node.value if isinstance(node, cst.Name) else "..."


_EPSILON = re.compile(r"(^|[._])eps(ilon)?(_|\d|$)", re.IGNORECASE)


def is_epsilon(node: cst.CSTNode | None) -> bool:
    """Whether an expression is called an epsilon."""
    return node is not None and _EPSILON.search(dotted(node)) is not None


def receiver(node: cst.CSTNode, otherwise: str) -> str:
    """The object of a method as text, whether the method is called here or only named."""
    method = node.func if isinstance(node, cst.Call) else node
    return dotted(method.value) if isinstance(method, cst.Attribute) else otherwise


def is_of_one_parameter(node: cst.CSTNode) -> bool:
    """Whether a gradient is spelled as that of an attribute: `self.bias.grad.zero_()`.

    `p.grad.zero_()` may be about each parameter in turn.
    """
    names = dotted(node).split(".")
    return "grad" in names[2:]
