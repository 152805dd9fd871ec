"""Template methods: what a class inherits and completes by overriding what it reaches.

A base class that trains whatever its subclasses build says nothing by itself: the loop stands in
one class and the model, the loss or the step in another. Such a method is evaluated on the
subclass too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from losslint.analysis.domain.lookup import defined, lineage
from losslint.analysis.domain.values import Class, Function
from losslint.analysis.python.reach import Uses, reach_of, uses_of
from losslint.analysis.python.stubs import is_stub


def inherited_templates(cls: Class) -> list[Function]:
    """The methods that a class inherits and that reach, through ``self``, what is its own.

    Its own are the methods and class attributes that it overrides, and the attributes that its
    methods set. Left out are methods that another one of them calls, those of which the class
    overrides all callers, and those that have to do with neither losses nor gradients.
    """
    found = {}
    for function in _inherited(cls):
        if function.kind in ("", "classmethod") and not function.name.startswith("__"):
            reach = reach_of(cls, function)
            completed = reach.about_loss and _completes(cls, function, reach.names)
            if completed and not _is_cut_off(cls, function):
                found[function] = reach.names
    return [function for function in found if not _is_called(function, found)]


def is_abstract_on(cls: Class, method: Function) -> bool:
    """Whether a method leads to another that a class leaves to its subclasses."""
    return any(
        isinstance(found, Function) and is_stub(found.node)
        for found in (defined(cls, name) for name in reach_of(cls, method).names)
    )


def _is_called(function: Function, among: Mapping[Function, frozenset[str]]) -> bool:
    """Whether another method leads to one, and not the other way round."""
    return any(
        function.name in names and other.name not in among[function]
        for other, names in among.items()
        if other is not function
    )


def _is_cut_off(cls: Class, function: Function) -> bool:
    """Whether the methods that call one on objects of its class do so no longer on those of cls."""
    assert function.owner is not None
    return _is_called_on(function.owner, function.name) and not _is_called_on(cls, function.name)


@lru_cache(maxsize=4_096)
def _is_called_on(cls: Class, name: str) -> bool:
    """Whether a method of a class, its own or an inherited one, uses another one by its name."""
    names = {key for one in lineage(cls) if isinstance(one, Class) for key in one.slots}
    methods = [defined(cls, key) for key in names if isinstance(key, str)]
    return any(isinstance(one, Function) and name in uses_of(one.node).read for one in methods)


def _inherited(cls: Class) -> Iterator[Function]:
    """The methods that a class has from project classes, the nearest definition of each."""
    seen = set(cls.slots)
    for base in lineage(cls)[1:]:
        if isinstance(base, Class):
            for name, value in base.slots.items():
                if name not in seen and isinstance(value, Function) and value.owner is base:
                    yield value
            seen.update(base.slots)


def _completes(cls: Class, function: Function, reached: frozenset[str]) -> bool:
    """Whether a class gives what a method of its base reaches, where the base gives it not."""
    assert function.owner is not None
    return not reached.isdisjoint(_own(cls, function.owner))


@lru_cache(maxsize=1_024)
def _own(cls: Class, base: Class) -> frozenset[str]:
    """The attributes that are others on objects of a class than on those of a base."""
    behind = lineage(base)
    names: set[str] = set()
    inherited: list[Uses] = []
    for one in lineage(cls):
        if isinstance(one, Class):
            uses = [uses_of(v.node) for v in one.slots.values() if isinstance(v, Function)]
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
