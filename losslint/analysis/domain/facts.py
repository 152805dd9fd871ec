"""Records of which most fields hold their default, made by the hundred thousand.

A frozen dataclass sets each field one by one; a tensor has twenty, and few are ever known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**options):
        """A stand-in for what is part of ``typing`` only from Python 3.11 on."""
        return lambda cls: cls


Record = TypeVar("Record", bound="Facts")


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Facts:
    """A record that compares by its fields; the fields are the annotated class attributes.

    Read like a frozen dataclass whose fields all have a default. A record itself holds what it
    was given, and its class the defaults.
    """

    _UNCOMPARED: ClassVar[frozenset[str]] = frozenset()
    """Fields that do not count in comparisons."""

    def __init__(self, **facts: Any) -> None:
        self.__dict__.update(facts)

    def but(self: Record, **changes: Any) -> Record:
        """This record with other facts."""
        made = object.__new__(type(self))
        known = made.__dict__
        known.update(self.__dict__)
        known.update(changes)
        return made

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if type(self) is not type(other):
            return NotImplemented
        mine, theirs, cls = self.__dict__, other.__dict__, type(self)
        for name, value in mine.items():
            there = theirs[name] if name in theirs else getattr(cls, name)
            if value is not there and name not in self._UNCOMPARED and value != there:
                return False
        for name, value in theirs.items():
            if name not in mine and name not in self._UNCOMPARED and value != getattr(cls, name):
                return False
        return True

    def __hash__(self) -> int:
        raise TypeError(f"{type(self).__name__} has no hash")

    def __repr__(self) -> str:
        known = ", ".join(f"{name}={value!r}" for name, value in self.__dict__.items())
        return f"{type(self).__name__}({known})"
