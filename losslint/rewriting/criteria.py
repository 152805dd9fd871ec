"""One criterion in place of another, wherever it is built and called."""

from __future__ import annotations

from dataclasses import dataclass, replace

import libcst as cst

from losslint.analysis.domain.trail import Place
from losslint.fix import Change, Edge, Fix, Safety, offered, replaced
from losslint.rewriting.names import FUNCTIONAL, names_of
from losslint.rewriting.objects import calls_of_objects, origins
from losslint.rewriting.tree import code, in_order, tree_of


@dataclass(frozen=True, slots=True)
class Swap:
    """The edits that put one criterion in the place of another."""

    changes: tuple[Change, ...]
    calls: tuple[Place, ...]
    """All calls of it, in all files, which get the other criterion from now on."""
    is_local: bool
    """Whether it is built where it is called: in one function, or in the body of a script."""


def swapped(call: Place, old: tuple[str, str], new: tuple[str, str]) -> Swap | None:
    """Another criterion for a loss call; None where not every use of it can be seen.

    Args:
        call: the loss call.
        old: the criterion as a module and as a function, such as ``("BCELoss", ...)``.
        new: the same of the criterion that is wanted, which takes the same options.
    """
    assert isinstance(call.node, cst.Call)
    func = Place(call.file, call.node.func)
    full = names_of(call.file).qualified(func.node)
    if full:
        if full != f"{FUNCTIONAL}.{old[1]}":
            return None
        change = _renamed(func, f"{FUNCTIONAL}.{new[1]}")
        return None if change is None else Swap(change, (call,), is_local=True)
    built = origins(func)
    calls = calls_of_objects(built) if built else None
    if not built or calls is None or call not in calls:
        return None
    changes: list[Change] = []
    for one in sorted(built, key=in_order):
        assert isinstance(one.node, cst.Call)
        if names_of(one.file).qualified(one.node.func) != f"torch.nn.{old[0]}":
            return None
        change = _renamed(Place(one.file, one.node.func), f"torch.nn.{new[0]}")
        if change is None:
            return None
        changes += change
    functions = {tree_of(place.file).function(place.node) for place in (*built, *calls)}
    return Swap(tuple(changes), calls, len(functions) == 1)


def _renamed(place: Place, full: str) -> tuple[Change, ...] | None:
    spelling = names_of(place.file).spelled(full, like=place.node)
    if spelling is None:
        return None
    return (*spelling.imports, replaced(place, spelling.text))


def given(call: cst.Call, position: int = 0, name: str = "input") -> cst.BaseExpression | None:
    """An argument of a loss call; None where it is not passed in plain sight."""
    if any(argument.star for argument in call.args):
        return None
    for index, argument in enumerate(call.args):
        if argument.keyword is not None:
            if argument.keyword.value == name:
                return argument.value
        elif index == position:
            return argument.value
    return None


def with_option(place: Place, message: str, name: str, value: str) -> Fix | None:
    """Another value for an option of a criterion, where it is built or where it is called.

    At all calls that share it; none where it has options by position, or one of the old names.
    """
    if not isinstance(place.node, cst.Call):
        return None
    func = Place(place.file, place.node.func)
    built: tuple[Place, ...] = (place,)
    calls = built
    if not names_of(place.file).qualified(func.node).startswith(FUNCTIONAL):
        found = origins(func)
        shared = calls_of_objects(found) if found else None
        if not found or shared is None or place not in shared:
            return None
        built, calls = tuple(sorted(found, key=in_order)), shared
    positional = 2 if built == calls else 0
    fix = offered(message, Safety.UNSAFE, *(_option(one, name, value, positional) for one in built))
    return None if fix is None else replace(fix, together=frozenset(calls))


def _option(place: Place, name: str, value: str, positional: int) -> Change | None:
    """An option in a call that gives not more than some arguments by position."""
    call = place.node
    assert isinstance(call, cst.Call)
    options = call.args[positional:]
    for one in options:
        if one.star or one.keyword is None or one.keyword.value in _OLD_OPTIONS:
            return None
        if one.keyword.value == name:
            return replaced(Place(place.file, one.value), value)
    if any(one.star for one in call.args) or "#" in code(call):
        return None
    if not call.args:
        return replaced(place, f"{code(call.func)}({name}={value})")
    last = call.args[-1].value
    end = Edge(Place(place.file, last), at_end=True)
    return None if last.lpar else Change(end, end, f", {name}={value}")


_OLD_OPTIONS = ("size_average", "reduce")
