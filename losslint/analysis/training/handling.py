"""What a program does to models besides calling them, which tells whether it is to train them."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import TYPE_CHECKING

from losslint.analysis.domain.lookup import lineage
from losslint.analysis.domain.values import Class, Instance, Tuple, Union, Value

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter

HANDED, COPIED, WRITTEN = "handed to something unknown", "copied", "written to"
FROZEN, THAWED = "frozen", "thawed"
SWITCHES = {
    "eval": ("eval", "eval"),
    "train": ("eval", "train"),
    "requires_grad_": (FROZEN, THAWED),
    "freeze": (FROZEN, FROZEN),
}
"""What methods of a module do to it, given False and by default."""


def note_handling(run: Interpreter, owners: frozenset[Hashable] | None, how: str) -> None:
    """Notes what a program does to models, which tells whether it means to train them."""
    for owner in owners or ():
        run.seen.handling.setdefault(owner, set()).add(how)


def parts_of(model: Value) -> frozenset[Hashable]:
    """A model, or each of several, and everything inside it, as owners of parameters."""
    return frozenset(one.oid for one in objects_in(model))


def objects_in(model: Value) -> Iterator[Instance]:
    """A model, or each of several, and the objects inside it that can own parameters of it."""
    seen: set[int] = set()
    pending = list(_members(model))
    while pending:
        one = pending.pop()
        if isinstance(one, Instance) and one.oid not in seen:
            seen.add(one.oid)
            yield one
            inside = (part for value in one.slots.values() for part in _members(value))
            pending += [part for part in inside if not _is_plain(part)]


def _is_plain(part: Value) -> bool:
    """Whether a value is an object of the project that is no module, so that nothing owns it."""
    return (
        isinstance(part, Instance)
        and isinstance(part.cls, Class)
        and all(isinstance(one, Class) for one in lineage(part.cls))
    )


def _members(value: Value) -> Iterator[Value]:
    if isinstance(value, Tuple):
        for item in value.items:
            yield from _members(item)
    elif isinstance(value, Union):
        for one in value.alternatives:
            yield from _members(one.value)
    else:
        yield value
