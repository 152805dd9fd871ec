"""What variables are assigned in a function, or at the top level of a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import libcst as cst

from losslint.analysis.reading.nodes import walk
from losslint.analysis.reading.spelling import dotted


def assigned_once(
    body: cst.BaseSuite | cst.Module | None, node: cst.BaseExpression
) -> cst.BaseExpression:
    """What a variable is assigned by the only line of a body that does; else the variable."""
    if body is None or not isinstance(node, cst.Name):
        return node
    bound = _assigned(body).get(node.value)
    return bound if isinstance(bound, cst.BaseExpression) else node


def assigned_in(
    body: cst.BaseSuite | cst.Module | None, node: cst.BaseExpression
) -> tuple[cst.BaseExpression, ...]:
    """What the variables of an expression are assigned, those that one line alone assigns."""
    names = [one for one in walk(node) if isinstance(one, cst.Name)]
    return tuple(value for one in names if (value := assigned_once(body, one)) is not one)


def drawn_from(
    body: cst.BaseSuite | cst.Module | None, node: cst.BaseExpression
) -> cst.BaseExpression | None:
    """What a variable is an element of, where one loop alone binds it: `for a, b in zip(x, y)`."""
    if body is None or not isinstance(node, cst.Name):
        return None
    bound = _assigned(body).get(node.value)
    return bound.of if isinstance(bound, _Element) else None


@dataclass(frozen=True)
class _Element:
    """What stands for an element of an expression."""

    of: cst.BaseExpression


@lru_cache(maxsize=256)
def _assigned(
    body: cst.BaseSuite | cst.Module,
) -> Mapping[str, cst.BaseExpression | _Element | None]:
    found: dict[str, cst.BaseExpression | _Element | None] = {}
    for node in walk(body):
        if isinstance(node, cst.Assign):
            for target in node.targets:
                if isinstance(target.target, cst.Name):
                    name = target.target.value
                    found[name] = None if name in found else node.value
        elif isinstance(node, cst.For | cst.CompFor):
            for name, source in _bound(node.target, _Element(node.iter)):
                found[name] = None if name in found else source
    return found


def _bound(
    target: cst.BaseExpression, value: _Element | None
) -> Iterator[tuple[str, _Element | None]]:
    """The variables of a loop, each with what it is an element of."""
    if isinstance(target, cst.Name):
        yield target.value, value
    if not isinstance(target, cst.Tuple | cst.List):
        return
    columns = _columns(value.of) if value is not None else []
    for index, part in enumerate(target.elements):
        yield from _bound(part.value, columns[index] if index < len(columns) else None)


def _columns(source: cst.BaseExpression) -> list[_Element | None]:
    """What the items of the rows are elements of that an expression gives."""
    if not isinstance(source, cst.Call) or any(arg.star for arg in source.args):
        return []
    called = dotted(source.func)
    if called == "enumerate" and source.args:
        return [None, _Element(source.args[0].value)]
    if called == "zip":
        return [_Element(arg.value) for arg in source.args if arg.keyword is None]
    return []
