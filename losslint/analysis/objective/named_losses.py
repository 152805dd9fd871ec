"""Losses that a program computes by hand, known by the names that it gives them."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.domain.values import Tensor, Union, Value, alternatives_of
from losslint.analysis.reading.nodes import children
from losslint.analysis.training.trace import LossMade

if TYPE_CHECKING:
    from losslint.analysis.domain.values import Class, Function
    from losslint.analysis.interpreter import Interpreter

LOSS_NAMED = re.compile(r"(^|_|\.)(loss|cost|objective)(es)?(_|\d|$)", re.IGNORECASE)
"""A variable or attribute, as the code has it, that holds a loss."""
BUT_FOR_ERRORS = re.compile(r"loss|criteri|cost|objective|nll|elbo|penalty", re.IGNORECASE)
"""Part of a name that says that it is about losses where nothing is trained.

An error is any difference there.
"""
ABOUT_LOSSES = re.compile(f"{BUT_FOR_ERRORS.pattern}|error", re.IGNORECASE)
"""Part of a name, of whatever, that says that it has to do with losses."""
_LOSS_FUNCTION = re.compile(
    r"loss(?!less)|criterion|objective|^train(ing)?_step$|^kld?_div|elbo|cross_?entropy|"
    r"(^|_)nll($|_)|neg(ative)?_?log_?likelihood",
    re.IGNORECASE,
)
_NO_LOSS_FUNCTION = re.compile(
    r"plot|log_loss|print|save|load|get_(?!(\w*_)?loss(es)?$)|make_|build|create|init|metric|"
    r"_(masks?|weights?)$",
    re.IGNORECASE,
)
_MEASURING = re.compile(
    r"eval|test|vali|metric|score|acc|epoch|fit|plot|log|print|monitor|aver|report|predict",
    re.IGNORECASE,
)
"""Names of functions that return a loss only for somebody to read."""
_LOSS_CLASS = re.compile(
    r"([Ll]oss(es)?|LOSS)(?![a-z])|^[Ll]oss|[Cc]riterion|[Oo]bjective|[Cc]ross_?[Ee]ntropy"
    r"|(NLL|BCE|InfoNCE|NT_?X[Ee]nt|S[Ii]_?[Ll]og)$"
)
_KEEPS_LOSSES = re.compile(r"meter|logger|monitor|tracker|history|record", re.IGNORECASE)


def is_loss_function(function: Function, owner: Class | None) -> bool:
    """Whether what a function returns is a loss.

    It goes by its name, that of its class, or that of the variable that it returns everywhere.
    """
    name = function.name
    if _LOSS_FUNCTION.search(name) and not _NO_LOSS_FUNCTION.search(name):
        return True
    if owner is not None and name in ("forward", "__call__") and is_loss_class(owner):
        return True
    return not _MEASURING.search(name) and _returns_loss(function.node)


def is_loss_class(cls: Class) -> bool:
    """Whether a class is a loss, going by its name."""
    return bool(_LOSS_CLASS.search(cls.name)) and not _KEEPS_LOSSES.search(cls.name)


@lru_cache(maxsize=4_096)
def _returns_loss(node: cst.FunctionDef | cst.Lambda) -> bool:
    """Whether a function returns nothing but what it calls a loss: `return loss, accuracy`."""
    if isinstance(node, cst.Lambda):
        return False
    returned = [one.value for one in _returns(node.body)]
    return bool(returned) and all(one is not None and _is_called_loss(one) for one in returned)


def _returns(node: cst.CSTNode) -> Iterator[cst.Return]:
    """The return statements of a function, not those of functions in it."""
    for child in children(node):
        if isinstance(child, cst.Return):
            yield child
        elif not isinstance(child, cst.FunctionDef | cst.ClassDef | cst.BaseExpression):
            yield from _returns(child)


def _is_called_loss(node: cst.BaseExpression) -> bool:
    if isinstance(node, cst.Tuple) and node.elements:
        node = node.elements[0].value
    while isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
        node = node.func.value
    return isinstance(node, cst.Name) and LOSS_NAMED.search(node.value) is not None


def assigned(
    run: Interpreter,
    statement: cst.Assign | cst.AnnAssign,
    target: cst.BaseExpression,
    value: Value,
) -> None:
    """Notes that a variable is given a loss that depends on what is trained."""
    if run.no_grad or not isinstance(value, Tensor | Union) or not isinstance(target, cst.Name):
        return
    if LOSS_NAMED.search(target.value) is None:
        return
    deps: frozenset[Hashable] = frozenset()
    for one in alternatives_of(value):
        if isinstance(one.value, Tensor) and one.value.grad:
            deps |= one.value.deps
    if deps and statement.value is not None:
        run.act(LossMade(run.place(statement.value), deps))
