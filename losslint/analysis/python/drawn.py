"""What a round of a loop draws from something unknown, and looks items up by."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

import libcst as cst

from losslint.analysis.domain.keyed import DRAWN
from losslint.analysis.domain.values import Unknown
from losslint.analysis.reading.nodes import walk

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter

_Loop: TypeAlias = "cst.For | cst.BaseComp"


def drawn_by(loop: _Loop) -> Hashable:
    """The symbol of what a loop draws."""
    return (DRAWN, id(loop))


def name_keys(run: Interpreter, loop: _Loop, target: cst.CSTNode, number: int = 0) -> None:
    """Gives a symbol to what is not known of a loop's variables, where items are looked up by it.

    In one round it is the same in all dicts, of which each was filled by such names.

    Args:
        run: the interpreter.
        loop: the loop.
        target: what its round has just assigned to.
        number: of the round: what was found in an earlier one says nothing of the name.
    """
    names = _keys_in(loop)
    if not names:
        return
    slots = run.frame.scope.slots
    for one in walk(target):
        if isinstance(one, cst.Name) and one.value in names:
            value = run.heap.get(slots, one.value)
            if isinstance(value, Unknown) and value.key is None:
                key = (drawn_by(loop), one.value, number)
                run.heap.set(slots, one.value, replace(value, key=key))


@lru_cache(maxsize=4_096)
def _keys_in(loop: _Loop) -> frozenset[str]:
    """The names by which the body of a loop looks items up."""
    found = {
        name
        for one in walk(loop)
        if isinstance(one, cst.Subscript)
        for part in one.slice
        if isinstance(part.slice, cst.Index) and (name := _first_name(part.slice.value)) is not None
    }
    if isinstance(loop, cst.DictComp) and isinstance(loop.key, cst.Name):
        found.add(loop.key.value)
    return frozenset(found)


def _first_name(node: cst.BaseExpression) -> str | None:
    """The variable that a name, or an attribute or item of one, belongs to."""
    while isinstance(node, cst.Attribute | cst.Subscript):
        node = node.value
    return node.value if isinstance(node, cst.Name) else None
