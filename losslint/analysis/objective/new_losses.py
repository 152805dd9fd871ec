"""Whether an expression computes a loss, and does not just name, scale or add up known ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.domain.lookup import find_method
from losslint.analysis.domain.values import (
    Bound,
    Class,
    Extern,
    Function,
    Instance,
    Tensor,
    Value,
    alternatives_of,
)
from losslint.analysis.reading.nodes import children, walk

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter

NAMED = re.compile(r"(^|_)loss(es)?(_|\d|$)", re.IGNORECASE)
_SUMS = (cst.Add, cst.Subtract, cst.Divide)


def made_in(value: Value, node: cst.BaseExpression) -> bool:
    """Whether a criterion that is called in an expression gives a loss with its graph."""
    made: set[cst.CSTNode] = set()
    for one in alternatives_of(value):
        if not isinstance(one.value, Tensor) or not one.value.grad or not one.value.terms:
            return False
        made.update(term.place.node for term in one.value.terms)
    return any(below in made for below in walk(node))


def is_new_loss(run: Interpreter, value: Value, node: cst.BaseExpression, name: str) -> bool:
    """Whether an expression computes a loss with its graph.

    Args:
        run: the interpreter.
        value: the value of the expression.
        node: the expression.
        name: what it is called from here on.
    """
    if made_in(value, node):
        return True
    if run.frame.body is None and not run.looping:
        return False  # a script tries out this and that
    if not NAMED.search(name) or not all(
        isinstance(one.value, Tensor) and one.value.grad for one in alternatives_of(value)
    ):
        return False
    if isinstance(node, cst.BinaryOperation) and run.frame.in_loss:
        return isinstance(node.operator, _SUMS)
    return (
        isinstance(node, cst.BinaryOperation | cst.UnaryOperation | cst.Call)
        and not any(one != name and NAMED.search(one) for one in _read_in(node))
        and all(_has_no_effect(run, one.func) for one in walk(node) if isinstance(one, cst.Call))
    )


def _read_in(node: cst.BaseExpression) -> Iterator[str]:
    """The names of variables and attributes that an expression reads, and does not call."""
    pending: list[cst.CSTNode] = [node]
    while pending:
        one = pending.pop()
        if isinstance(one, cst.Call):
            pending += one.args
            one = one.func
            pending += [one.value] if isinstance(one, cst.Attribute) else []
        elif isinstance(one, cst.Attribute):
            yield one.attr.value
            pending.append(one.value)
        elif isinstance(one, cst.Arg):
            pending.append(one.value)
        elif isinstance(one, cst.Name):
            yield one.value
        else:
            pending += children(one)


def _has_no_effect(run: Interpreter, callee: cst.BaseExpression) -> bool:
    """Whether a function that is called does nothing but compute what it returns."""
    if not _is_name(callee):
        return True  # the method of a value that is computed on the way
    for one in alternatives_of(run.eval(callee)):
        value = one.value
        if isinstance(value, Instance) and isinstance(value.cls, Class):
            value = find_method(value, "forward") or find_method(value, "__call__") or value
        if isinstance(value, Bound):
            value = value.function
        if isinstance(value, Function):
            if not _only_computes(value.node):
                return False
        elif isinstance(value, Extern) and not value.name.startswith("torch."):
            return False
    return True


def _is_name(node: cst.BaseExpression) -> bool:
    while isinstance(node, cst.Attribute):
        node = node.value
    return isinstance(node, cst.Name)


@lru_cache(maxsize=1_024)
def _only_computes(node: cst.FunctionDef | cst.Lambda) -> bool:
    """Whether the statements of a function are assignments to its variables and what it returns."""
    if isinstance(node, cst.Lambda):
        return True
    return not any(
        (isinstance(one, cst.Expr) and isinstance(one.value, cst.Call | cst.Await | cst.Yield))
        or (isinstance(one, cst.AssignTarget) and not _is_local(one.target))
        or (isinstance(one, cst.AugAssign) and not _is_local(one.target))
        or isinstance(one, cst.Global | cst.Nonlocal | cst.With)
        for one in walk(node.body)
    )


def _is_local(target: cst.BaseExpression) -> bool:
    return not isinstance(target, cst.Attribute | cst.Subscript)
