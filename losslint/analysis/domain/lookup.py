"""What a class of the project defines: its lineage, its attributes, its methods."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from losslint.analysis.domain.values import Class, Function, Instance, Value

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter


@lru_cache(maxsize=4_096)
def lineage(cls: Class) -> tuple[Value, ...]:
    """The class and its bases in the order in which attributes are looked up."""
    found: list[Value] = []

    def visit(one: Value, depth: int) -> None:
        if one in found:
            found.remove(one)
        found.append(one)
        if isinstance(one, Class) and depth < 12:
            for base in one.bases:
                visit(base, depth + 1)

    visit(cls, 0)
    return tuple(found)


def class_attribute(run: Interpreter, cls: Class, name: str) -> Value | None:
    """An attribute that a class of the project or one of its project bases defines."""
    for one in lineage(cls):
        if isinstance(one, Class):
            value = run.heap.get(one.slots, name)
            if value is not None:
                return value
    return None


def find_method(value: Value, name: str) -> Function | None:
    """The function that a project class defines under a name."""
    if isinstance(value, Instance) and isinstance(value.cls, Class):
        found = defined(value.cls, name)
        return found if isinstance(found, Function) else None
    return None


def defined(cls: Class, name: str) -> Value | None:
    """What the body of a class or the nearest of its project bases defines under a name."""
    for one in lineage(cls):
        if isinstance(one, Class):
            found = one.slots.get(name)
            if found is not None:
                return found
    return None
