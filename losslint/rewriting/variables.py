"""Where a variable is set and read, where all of that can be seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import libcst as cst

from losslint.rewriting.scopes import assigned, bound_names, is_load, is_variable, scope_of
from losslint.rewriting.tree import Tree, code
from losslint.rewriting.versions import Binding, version_of

_MAX_CALLS = 6
"""How many functions a variable is followed through."""
_MOVES = ("to", "cuda", "cpu", "train", "eval")


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
    is_handed_on: bool = False
    """Whether it is also read as the parameter of a function."""


def variable(tree: Tree, use: cst.CSTNode) -> Variable | None:
    """The variable that an expression reads; None where it is set in other ways, or more than once.

    ``self.name`` counts if the file has that attribute on ``self`` only, and the classes that have
    it are not related.
    """
    if isinstance(use, cst.Name):
        known = _named(tree, use) or _handed_over(tree, use)
    elif isinstance(use, cst.Attribute):
        known = _attribute(tree, use)
    else:
        known = None
    return None if known is None else _followed(tree, known)


def constructed(node: cst.BaseExpression) -> cst.Call | None:
    """The construction of an object that may be moved to a device at once."""
    while isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
        if node.func.attr.value not in _MOVES:
            break
        node = node.func.value
    return node if isinstance(node, cst.Call) else None


def _named(tree: Tree, use: cst.Name) -> Variable | None:
    scope = scope_of(tree, use)
    if scope is None:
        return None
    bindings: list[Binding] = []
    loads: list[cst.Name] = []
    for node in tree.named(use.value):
        if not is_variable(tree, node) or _is_moved(tree, node):
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


def _is_moved(tree: Tree, node: cst.Name) -> bool:
    """Whether a name is on either side of ``model = model.to(device)``."""
    statement = next((up for up in tree.ancestors(node) if isinstance(up, cst.Assign)), None)
    if statement is None or len(statement.targets) != 1:
        return False
    target, call = statement.targets[0].target, statement.value
    if not isinstance(target, cst.Name) or target.value != node.value:
        return False
    if not isinstance(call, cst.Call) or not isinstance(call.func, cst.Attribute):
        return False
    receiver = call.func.value
    moves = call.func.attr.value in _MOVES and isinstance(receiver, cst.Name)
    return (
        moves
        and node in (target, receiver)
        and _keeps_values(call)
        and (isinstance(receiver, cst.Name) and receiver.value == target.value)
    )


def _keeps_values(call: cst.Call) -> bool:
    """Whether what ``to`` is given is a device, which changes no value."""
    assert isinstance(call.func, cst.Attribute)
    if call.func.attr.value != "to":
        return True
    return len(call.args) == 1 and "device" in code(call.args[0].value)


def _attribute(tree: Tree, use: cst.Attribute) -> Variable | None:
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
    calls = _calls(tree, function) if isinstance(function, cst.FunctionDef) else None
    if not calls or not isinstance(function, cst.FunctionDef):
        return None
    argument = _argument(function, calls[0], use.value)
    if isinstance(argument, cst.Call) and len(calls) == 1:
        loads = _loads_of_parameter(tree, function, use.value)
        if loads is None:
            return None
        return Variable(argument, tuple(loads), function, is_handed_on=True)
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
                known = replace(known, loads=ordered, is_handed_on=True)
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
    function = next(
        (
            node
            for node in tree.root.body
            if isinstance(node, cst.FunctionDef) and node.name.value == call.func.value
        ),
        None,
    )
    calls = None if function is None else _calls(tree, function)
    if function is None or not calls or call not in calls:
        return None
    name = next(
        (one for one in _parameters(function) if _argument(function, call, one) is load), ""
    )
    inner = _loads_of_parameter(tree, function, name) if name else None
    if inner is None:
        return None
    passed = [_argument(function, one, name) for one in calls]
    if not all(one is not None and (one in loads or one in inner) for one in passed):
        return None
    return [one for one in passed if one is not None], inner


def _calls(tree: Tree, function: cst.FunctionDef) -> list[cst.Call] | None:
    """The calls of a function of the module; None where it is used in other ways too."""
    if tree.parent(function) is not tree.root or function.decorators or function.asynchronous:
        return None
    found: list[cst.Call] = []
    for node in tree.named(function.name.value):
        if node is function.name or not is_variable(tree, node):
            continue
        up = tree.parent(node)
        if not isinstance(up, cst.Call) or up.func is not node:
            return None
        found.append(up)
    return found


def _parameters(function: cst.FunctionDef) -> Iterator[str]:
    params = function.params
    if not isinstance(params.star_arg, cst.Param) and params.star_kwarg is None:
        for param in (*params.posonly_params, *params.params, *params.kwonly_params):
            yield param.name.value


def _argument(function: cst.FunctionDef, call: cst.Call, name: str) -> cst.BaseExpression | None:
    """What a call passes for a parameter; None where that is its default, or not in plain sight."""
    params = function.params
    if name not in _parameters(function) or any(one.star for one in call.args):
        return None
    names = [param.name.value for param in (*params.posonly_params, *params.params)]
    for index, argument in enumerate(call.args):
        if argument.keyword is not None:
            if argument.keyword.value == name:
                return argument.value
        elif index < len(names) and names[index] == name:
            return argument.value
    return None


def _loads_of_parameter(
    tree: Tree, function: cst.FunctionDef, name: str
) -> list[cst.BaseExpression] | None:
    """The places that read a parameter; None where it gets another value."""
    if name not in bound_names(function):
        return None
    loads: list[cst.BaseExpression] = []
    for node in tree.named(name):
        if not is_variable(tree, node) or _is_moved(tree, node):
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
