"""Where a variable is set and read, where all of that can be seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import libcst as cst

from losslint.analysis.domain.trail import Place
from losslint.rewriting.callables import Callee, callee_of
from losslint.rewriting.imports import meaning_of
from losslint.rewriting.scopes import (
    assigned,
    bound_names,
    is_load,
    is_moved,
    is_variable,
    scope_of,
)
from losslint.rewriting.tree import Tree
from losslint.rewriting.versions import Binding, version_of

_MAX_CALLS = 6
"""How many functions a variable is followed through."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A name or ``self.name`` between two plain assignments to it, or after its only one."""

    value: cst.BaseExpression
    """What it is set to."""
    loads: tuple[cst.BaseExpression, ...]
    """Everywhere it is read, in the order of the text.

    Where it is handed to a function of this file that is never given anything else, these are the
    places that read the parameter.
    """
    scope: cst.CSTNode
    """The function, class or module whose variable it is."""


def variable(tree: Tree, use: cst.CSTNode) -> Variable | None:
    """The variable that an expression reads; None where it is set in other ways, or more than once.

    ``self.name`` counts if the file has that attribute on ``self`` only, and the classes that have
    it are not related.
    """
    if isinstance(use, cst.Name):
        known = named_variable(tree, use) or _handed_over(tree, use)
    elif isinstance(use, cst.Attribute):
        known = attribute_variable(tree, use)
    else:
        known = None
    return None if known is None else _followed(tree, known)


def named_variable(tree: Tree, use: cst.Name) -> Variable | None:
    """The variable that a name reads or sets; None for a parameter too."""
    scope = scope_of(tree, use)
    if scope is None:
        return None
    bindings: list[Binding] = []
    loads: list[cst.Name] = []
    for node in tree.named(use.value):
        if not is_variable(tree, node) or is_moved(tree, node):
            continue
        inner = scope_of(tree, node)
        if inner is None:
            return None
        if inner is not scope:
            continue
        value = assigned(tree, node)
        if value is not None:
            bindings.append(Binding(node, value))
        elif is_load(tree, node):
            loads.append(node)
        else:
            return None
    version = version_of(tree, use, bindings, loads)
    if version is None:
        return None
    binding, own = version
    return Variable(binding.value, own, scope)


def attribute_variable(tree: Tree, use: cst.Attribute) -> Variable | None:
    """The attribute of ``self`` that an expression reads or sets."""
    owner = tree.owner(use)
    if owner is None:
        return None
    loads: list[cst.BaseExpression] = []
    values: list[cst.BaseExpression] = []
    for node in tree.attributes(use.attr.value):
        other = tree.owner(node)
        if not isinstance(node.value, cst.Name) or node.value.value != "self" or other is None:
            return None
        if other is not owner:
            if _has_base_here(tree, other) or _has_base_here(tree, owner):
                return None
            continue
        value = assigned(tree, node)
        if value is not None:
            values.append(value)
        elif is_load(tree, node):
            loads.append(node)
        else:
            return None
    return Variable(values[0], tuple(loads), owner) if len(values) == 1 else None


def _has_base_here(tree: Tree, owner: cst.ClassDef) -> bool:
    """Whether a class derives from one of this file, with which it shares its attributes."""
    bases = {base.value.value for base in owner.bases if isinstance(base.value, cst.Name)}
    return any(isinstance(tree.parent(node), cst.ClassDef) for base in bases
               for node in tree.named(base))  # fmt: skip


# -- parameters -------------------------------------------------------------------------------


def _handed_over(tree: Tree, use: cst.Name) -> Variable | None:
    """The variable that a parameter stands for, where it is never another one."""
    function = scope_of(tree, use)
    called = _called(tree, function) if isinstance(function, cst.FunctionDef) else None
    if called is None:
        return None
    calls = _calls(called)
    argument = called.argument(calls[0], use.value)
    if isinstance(argument, cst.Call) and len(calls) == 1:
        loads = loads_of_parameter(tree, called.function, use.value)
        return None if loads is None else Variable(argument, tuple(loads), called.function)
    outside = isinstance(argument, cst.Name) and scope_of(tree, argument) is not function
    known = variable(tree, argument) if argument is not None and outside else None
    return known if known is not None and use in known.loads else None


def _followed(tree: Tree, known: Variable) -> Variable:
    """The variable with the places that read it as a parameter."""
    for _ in range(_MAX_CALLS):
        for load in known.loads:
            inner = _as_parameter(tree, load, known.loads)
            if inner is not None:
                passed, loads = inner
                left = [one for one in (*known.loads, *loads) if one not in passed]
                ordered = tuple(sorted(set(left), key=tree.position))
                known = replace(known, loads=ordered)
                break
        else:
            break
    return known


def _as_parameter(
    tree: Tree, load: cst.BaseExpression, loads: Sequence[cst.BaseExpression]
) -> tuple[list[cst.BaseExpression], list[cst.BaseExpression]] | None:
    """The arguments that hand a variable to a function, and the places that read it there."""
    up = tree.parent(load)
    call = tree.parent(up) if isinstance(up, cst.Arg) else None
    if not isinstance(call, cst.Call) or not isinstance(call.func, cst.Name):
        return None
    definition = meaning_of(tree.place(call.func))
    if not isinstance(definition, Place) or definition.file is not tree.file:
        return None
    function = definition.node
    if not isinstance(function, cst.FunctionDef):
        return None
    called = _called(tree, function)
    calls = [] if called is None else _calls(called)
    if called is None or call not in calls:
        return None
    name = next((one for one in called.parameters() if called.argument(call, one) is load), "")
    inner = loads_of_parameter(tree, function, name) if name else None
    if inner is None:
        return None
    passed = [called.argument(one, name) for one in calls]
    if not all(one is not None and (one in loads or one in inner) for one in passed):
        return None
    return [one for one in passed if one is not None], inner


def _called(tree: Tree, function: cst.FunctionDef) -> Callee | None:
    """A function of the module that is called in this file, and only called, and in no other."""
    place = tree.place(function)
    found = callee_of(place) if tree.parent(function) is tree.root else None
    calls = None if found is None else found.calls()
    if not calls or any(call.file is not tree.file for call in calls):
        return None
    return found


def _calls(called: Callee) -> list[cst.Call]:
    return [place.node for place in called.calls() or () if isinstance(place.node, cst.Call)]


def loads_of_parameter(
    tree: Tree, function: cst.FunctionDef, name: str
) -> list[cst.BaseExpression] | None:
    """The places that read a parameter; None where it gets another value."""
    if name not in bound_names(function):
        return None
    loads: list[cst.BaseExpression] = []
    for node in tree.named(name):
        if not is_variable(tree, node) or is_moved(tree, node):
            continue
        inner = scope_of(tree, node)
        if inner is not function:
            if inner is None:
                return None
            continue
        if isinstance(tree.parent(node), cst.Param):
            continue
        if not is_load(tree, node):
            return None
        loads.append(node)
    return loads
