"""What variables are assigned in a function, or at the top level of a file."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import libcst as cst

from losslint.analysis.reading.nodes import walk


def assigned_once(
    body: cst.BaseSuite | cst.Module | None, node: cst.BaseExpression
) -> cst.BaseExpression:
    """What a variable is assigned by the only line of a body that does; else the variable."""
    if body is None or not isinstance(node, cst.Name):
        return node
    return _assigned(body).get(node.value) or node


def assigned_in(
    body: cst.BaseSuite | cst.Module | None, node: cst.BaseExpression
) -> tuple[cst.BaseExpression, ...]:
    """What the variables of an expression are assigned, those that one line alone assigns."""
    names = [one for one in walk(node) if isinstance(one, cst.Name)]
    return tuple(value for one in names if (value := assigned_once(body, one)) is not one)


@lru_cache(maxsize=256)
def _assigned(body: cst.BaseSuite | cst.Module) -> Mapping[str, cst.BaseExpression | None]:
    found: dict[str, cst.BaseExpression | None] = {}
    for node in walk(body):
        if isinstance(node, cst.Assign):
            for target in node.targets:
                if isinstance(target.target, cst.Name):
                    name = target.target.value
                    found[name] = None if name in found else node.value
    return found
