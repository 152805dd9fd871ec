"""One criterion in place of another, wherever it is built and called."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from losslint.fix import Change, replaced
from losslint.rewriting.names import FUNCTIONAL, Names
from losslint.rewriting.tree import Tree
from losslint.rewriting.variables import constructed, variable


@dataclass(frozen=True, slots=True)
class Swap:
    """The edits that put one criterion in the place of another."""

    changes: tuple[Change, ...]
    calls: tuple[cst.Call, ...]
    """All calls of it, which get the other criterion from now on."""
    is_local: bool
    """Whether it is built where it is called: in one function, or in the body of a script."""
    is_exposed: bool = False
    """Whether other files could use it."""


def swapped(
    tree: Tree, names: Names, call: cst.Call, old: tuple[str, str], new: tuple[str, str]
) -> Swap | None:
    """Another criterion for a loss call; None where not every use of it can be seen.

    Args:
        tree: the file of the call.
        names: what the file calls things.
        call: the loss call.
        old: the criterion as a module and as a function, such as ``("BCELoss", ...)``.
        new: the same of the criterion that is wanted, which takes the same options.
    """
    full = names.qualified(call.func)
    if full:
        if full != f"{FUNCTIONAL}.{old[1]}":
            return None
        change = _renamed(tree, names, call.func, f"{FUNCTIONAL}.{new[1]}")
        return None if change is None else Swap(change, (call,), is_local=True)
    built: cst.BaseExpression = call.func
    calls: list[cst.Call] = [call]
    is_local, is_exposed = True, False
    if isinstance(call.func, cst.Name | cst.Attribute):
        known = variable(tree, call.func)
        if known is None:
            return None
        calls = []
        for load in known.loads:
            up = tree.parent(load)
            if not isinstance(up, cst.Call) or up.func is not load:
                return None
            calls.append(up)
        built = known.value
        is_exposed = known.is_handed_on or not isinstance(known.scope, cst.FunctionDef)
        is_local = all(tree.function(one) is tree.function(built) for one in calls)
    built = constructed(built) or built
    if not isinstance(built, cst.Call) or names.qualified(built.func) != f"torch.nn.{old[0]}":
        return None
    change = _renamed(tree, names, built.func, f"torch.nn.{new[0]}")
    return None if change is None else Swap(change, tuple(calls), is_local, is_exposed)


def _renamed(
    tree: Tree, names: Names, node: cst.BaseExpression, full: str
) -> tuple[Change, ...] | None:
    spelling = names.spelled(full, like=node)
    if spelling is None:
        return None
    return (*spelling.imports, replaced(tree.place(node), spelling.text))


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
