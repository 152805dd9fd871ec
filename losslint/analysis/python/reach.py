"""What a method leads to on its object: the attributes that it uses, and the methods it calls."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import libcst as cst

from losslint.analysis.domain.lookup import defined
from losslint.analysis.domain.values import Class, Function
from losslint.analysis.reading.nodes import walk

_CALLED = ("forward", "__call__")
_ABOUT_LOSS = re.compile(
    r"loss|criteri|objective|entropy|backward|zero_grad|step|softmax|sigmoid|log(?!g)|sqrt|div",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Uses:
    """What a method does with the attributes of its object."""

    read: frozenset[str]
    written: frozenset[str]
    about_loss: bool
    """Whether anything in it is named like a loss, or like a part of a training loop."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What a method leads to on an object of a class, itself and by the methods it calls."""

    names: frozenset[str]
    about_loss: bool


def is_part_of_call(cls: Class, method: str) -> bool:
    """Whether calling an object of a class can lead to a method."""
    for name in _CALLED:
        called = defined(cls, name)
        if isinstance(called, Function):
            return method in reach_of(cls, called).names
    return False


def reach_of(cls: Class, method: Function) -> Reach:
    """What a method leads to on an object of a class."""
    names: set[str] = set()
    about_loss = False
    waiting = [method]
    while waiting:
        uses = uses_of(waiting.pop().node)
        about_loss = about_loss or uses.about_loss
        for name in uses.read - names:
            names.add(name)
            value = defined(cls, name)
            if isinstance(value, Function):
                waiting.append(value)
    return Reach(frozenset(names), about_loss)


_NOTHING = Uses(frozenset(), frozenset(), about_loss=False)
_Node: TypeAlias = "cst.FunctionDef | cst.Lambda"


@lru_cache(maxsize=4_096)
def uses_of(node: _Node) -> Uses:
    """What a function does with the attributes of its first parameter."""
    params = (*node.params.posonly_params, *node.params.params)
    if not params:
        return _NOTHING
    self = params[0].name.value
    read: set[str] = set()
    written: set[str] = set()
    about_loss = False
    for one in walk(node.body):
        if isinstance(one, cst.Name) and _ABOUT_LOSS.search(one.value):
            about_loss = True
        elif isinstance(one, cst.Attribute) and _is(one.value, self):
            read.add(one.attr.value)
        elif isinstance(one, cst.Call) and _is(one.func, self):
            read.update(_CALLED)
        elif isinstance(one, cst.AssignTarget | cst.AnnAssign):
            written.update(
                target.attr.value
                for target in walk(one.target)
                if isinstance(target, cst.Attribute) and _is(target.value, self)
            )
    return Uses(frozenset(read), frozenset(written), about_loss)


def _is(node: cst.BaseExpression, name: str) -> bool:
    return isinstance(node, cst.Name) and node.value == name
