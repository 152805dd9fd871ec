"""Template methods: what a class inherits and completes by overriding what it reaches.

A base class that trains whatever its subclasses build says nothing by itself: the loop stands in
one class and the model, the loss or the step in another. Such a method is evaluated on the
subclass too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import libcst as cst

from losslint.analysis.lookup import defined, lineage
from losslint.analysis.nodes import walk
from losslint.analysis.stubs import is_stub
from losslint.analysis.values import Class, Function

_CALLED = ("forward", "__call__")
_ABOUT_LOSS = re.compile(
    r"loss|criteri|objective|entropy|backward|zero_grad|step|softmax|sigmoid|log(?!g)|sqrt|div",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Uses:
    """What a method does with the attributes of its object."""

    read: frozenset[str]
    written: frozenset[str]
    about_loss: bool
    """Whether anything in it is named like a loss, or like a part of a training loop."""


@dataclass(frozen=True, slots=True)
class _Reach:
    """What a method leads to on an object of a class, itself and by the methods it calls."""

    names: frozenset[str]
    about_loss: bool


def inherited_templates(cls: Class) -> list[Function]:
    """The methods that a class inherits and that reach, through ``self``, what is its own.

    Its own are the methods and class attributes that it overrides, and the attributes that its
    methods set. Left out are methods that another one of them calls, and those that have to do
    with neither losses nor gradients.
    """
    found = {}
    for function in _inherited(cls):
        if function.kind in ("", "classmethod") and not function.name.startswith("__"):
            reach = _reach(cls, function)
            if reach.about_loss and _completes(cls, function, reach.names):
                found[function] = reach.names
    return [function for function in found if not _is_called(function, found)]


def is_abstract_on(cls: Class, method: Function) -> bool:
    """Whether a method leads to another that a class leaves to its subclasses."""
    return any(
        isinstance(found, Function) and is_stub(found.node)
        for found in (defined(cls, name) for name in _reach(cls, method).names)
    )


def _is_called(function: Function, among: Mapping[Function, frozenset[str]]) -> bool:
    """Whether another method leads to one, and not the other way round."""
    return any(
        function.name in names and other.name not in among[function]
        for other, names in among.items()
        if other is not function
    )


def _inherited(cls: Class) -> Iterator[Function]:
    """The methods that a class has from project classes, the nearest definition of each."""
    seen = set(cls.slots)
    for base in lineage(cls)[1:]:
        if isinstance(base, Class):
            for name, value in base.slots.items():
                if name not in seen and isinstance(value, Function) and value.owner is base:
                    yield value
            seen.update(base.slots)


def _reach(cls: Class, function: Function) -> _Reach:
    names: set[str] = set()
    about_loss = False
    waiting = [function]
    while waiting:
        uses = _uses(waiting.pop().node)
        about_loss = about_loss or uses.about_loss
        for name in uses.read - names:
            names.add(name)
            value = defined(cls, name)
            if isinstance(value, Function):
                waiting.append(value)
    return _Reach(frozenset(names), about_loss)


def _completes(cls: Class, function: Function, reached: frozenset[str]) -> bool:
    """Whether a class gives what a method of its base reaches, where the base gives it not."""
    assert function.owner is not None
    return not reached.isdisjoint(_own(cls, function.owner))


@lru_cache(maxsize=1_024)
def _own(cls: Class, base: Class) -> frozenset[str]:
    """The attributes that are others on objects of a class than on those of a base."""
    behind = lineage(base)
    names: set[str] = set()
    inherited: list[_Uses] = []
    for one in lineage(cls):
        if isinstance(one, Class):
            uses = [_uses(v.node) for v in one.slots.values() if isinstance(v, Function)]
            if one in behind:
                inherited += uses
            else:
                names.update(name for name in one.slots if isinstance(name, str))
                names.update(name for use in uses for name in use.written)
    waiting = True
    while waiting:
        passed_on = [use for use in inherited if not use.written <= names and names & use.read]
        for use in passed_on:
            names |= use.written
        waiting = bool(passed_on)
    return frozenset(names)


_NOTHING = _Uses(frozenset(), frozenset(), about_loss=False)
_Node: TypeAlias = "cst.FunctionDef | cst.Lambda"


@lru_cache(maxsize=4_096)
def _uses(node: _Node) -> _Uses:
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
    return _Uses(frozenset(read), frozenset(written), about_loss)


def _is(node: cst.BaseExpression, name: str) -> bool:
    return isinstance(node, cst.Name) and node.value == name
