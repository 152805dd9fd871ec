"""Members of enumerations: constants that are equal to nothing but themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeGuard

from losslint.analysis.domain.lookup import class_attribute
from losslint.analysis.domain.values import UNKNOWN, Bound, Class, Const, Extern, Function, Value

if TYPE_CHECKING:
    from losslint.analysis.domain.arguments import Args
    from losslint.analysis.interpreter import Interpreter

_ENUMS = (Extern("enum.Enum"),), (Extern("enum.Flag"),)
"""The bases of what compares by identity; a member of a StrEnum is equal to its text as well."""


@dataclass(frozen=True, slots=True, repr=False)
class Member:
    """A member of an enumeration of the project."""

    cls: Class
    name: str

    def __hash__(self) -> int:
        return hash((id(self.cls.node), self.name))


def is_enum(value: Value) -> TypeGuard[Class]:
    """Whether a value is an enumeration whose members are equal to nothing else."""
    return isinstance(value, Class) and value.bases in _ENUMS


def by_value(cls: Class, args: Args) -> Value:
    """The member that an enumeration gives for its value: ``Kind("dice")``."""
    wanted = args.get(0)
    for name, value in cls.slots.items():
        if isinstance(value, Const) and value == wanted:
            return Const(Member(cls, str(name)))
    return UNKNOWN


def member(run: Interpreter, cls: Class, name: str) -> Const | None:
    """The member of an enumeration with that name, if it has one."""
    found = class_attribute(run, cls, name)
    if found is None or name.startswith("_") or isinstance(found, Function | Class):
        return None
    return Const(Member(cls, name))


def attribute_of_member(run: Interpreter, one: Member, name: str) -> Value:
    """An attribute of a member: its value, its name, or a method of its class."""
    if name in ("name", "_name_"):
        return Const(one.name)
    found = class_attribute(run, one.cls, one.name if name in ("value", "_value_") else name)
    if isinstance(found, Function):
        return Bound(found, Const(one))
    return found if isinstance(found, Const) else UNKNOWN
