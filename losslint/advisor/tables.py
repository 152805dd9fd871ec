"""Reads TOML tables strictly: every key is of the expected type, and none is left over."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import resources
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


class KnowledgeError(Exception):
    """The advisor's data is wrong: a mistake in losslint, never of the user's."""


class Table:
    """One table of a TOML file, with the place that errors name."""

    def __init__(self, values: object, where: str) -> None:
        if not isinstance(values, dict):
            raise KnowledgeError(f"{where}: expected a table, got {values!r}")
        self._values: dict[str, Any] = dict(values)
        self.where = where

    def text(self, key: str) -> str:
        """A string that has to be there."""
        found = self.optional_text(key)
        if not found:
            raise KnowledgeError(f"{self.where}: {key} is missing")
        return found

    def optional_text(self, key: str) -> str | None:
        """A string, or None."""
        found = self._values.pop(key, None)
        if found is not None and not isinstance(found, str):
            raise KnowledgeError(f"{self.where}.{key}: expected a string, got {found!r}")
        return found.strip() if found is not None else None

    def number(self, key: str) -> float | None:
        """A number, or None."""
        found = self._values.pop(key, None)
        if found is not None and (isinstance(found, bool) or not isinstance(found, int | float)):
            raise KnowledgeError(f"{self.where}.{key}: expected a number, got {found!r}")
        return found

    def flag(self, key: str) -> bool:
        """True or False; False if it is missing."""
        found = self._values.pop(key, False)
        if not isinstance(found, bool):
            raise KnowledgeError(f"{self.where}.{key}: expected true or false, got {found!r}")
        return found

    def texts(self, key: str) -> tuple[str, ...]:
        """Strings; none if the key is missing."""
        found = self._values.pop(key, [])
        if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
            raise KnowledgeError(f"{self.where}.{key}: expected strings, got {found!r}")
        return tuple(item.strip() for item in found)

    def table(self, key: str) -> Table | None:
        """A table, or None."""
        found = self._values.pop(key, None)
        return None if found is None else Table(found, f"{self.where}.{key}")

    def tables(self, key: str) -> list[Table]:
        """An array of tables; empty if the key is missing."""
        found = self._values.pop(key, [])
        if not isinstance(found, list):
            raise KnowledgeError(f"{self.where}.{key}: expected tables, got {found!r}")
        return [Table(item, f"{self.where}.{key}[{at}]") for at, item in enumerate(found)]

    def named(self, key: str) -> dict[str, Table]:
        """Tables by name; none if the key is missing."""
        inner = self.table(key)
        if inner is None:
            return {}
        return {name: Table(values, f"{inner.where}.{name}") for name, values in inner.rest()}

    def rest(self) -> list[tuple[str, Any]]:
        """All keys that are left, with their values."""
        left = list(self._values.items())
        self._values.clear()
        return left

    def strings(self) -> Mapping[str, str]:
        """All that is left, as strings by key."""
        left = dict(self.rest())
        for key, value in left.items():
            if not isinstance(value, str):
                raise KnowledgeError(f"{self.where}.{key}: expected a string, got {value!r}")
        return {key: value.strip("\n") for key, value in left.items()}

    def end(self) -> None:
        """Says that every key was read.

        Raises:
            KnowledgeError: if one was not, so that no misspelt key goes unnoticed.
        """
        if self._values:
            raise KnowledgeError(f"{self.where}: unknown keys {sorted(self._values)}")


def knowledge_file(name: str) -> Table:
    """One file of the folder ``knowledge``."""
    file = resources.files("losslint.advisor") / "knowledge" / name
    return Table(tomllib.loads(file.read_text("utf-8")), name)
