"""The source of a loss with all that it uses of losslint, as one module that needs only torch."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import losslint
from losslint.catalogue.entry import Entry
from losslint.errors import UserError

_PACKAGE = "losslint"
_ROOT = Path(losslint.__file__).parent


class _Import(NamedTuple):
    """Where a name of a module is imported from; ``name`` is None for ``import module``."""

    module: str
    name: str | None
    alias: str | None = None


class _File(NamedTuple):
    """The definitions and imports of a module, by name."""

    source: str
    definitions: dict[str, ast.stmt]
    documentation: dict[str, ast.stmt]
    imports: dict[str, _Import]


def standalone_source(entry: Entry) -> str:
    """The source of a loss's function and module, and of all they use, without losslint imports.

    Raises:
        UserError: if the loss is torch's, and there is nothing to copy.
    """
    if entry.is_from_torch:
        raise UserError(
            f"{entry.name} is torch's own: use {entry.module or entry.function} as it is"
        )
    collected = _Collected()
    for dotted in (entry.function, entry.module):
        if dotted is not None:
            module, _, name = dotted.rpartition(".")
            collected.add(*_defined_in(module, name))
    return collected.text(entry)


class Inlined(NamedTuple):
    """Definitions that need nothing of losslint, in the order in which they can be executed."""

    imports: tuple[str, ...]
    source: str


class _Collected:
    """Definitions in the order in which they can be executed, and the imports they need."""

    def __init__(self) -> None:
        self._seen: dict[str, str] = {}
        self._parts: list[str] = []
        self._imports: set[_Import] = set()

    def add(self, module: str, name: str) -> None:
        """Adds a definition, after all that it uses."""
        if name in self._seen:
            if self._seen[name] != module:
                raise AssertionError(f"{name} is in {self._seen[name]} and in {module}")
            return
        self._seen[name] = module
        file = _read(module)
        statement = file.definitions[name]
        for used in sorted(_names(statement) - {name}):
            if used in file.definitions:
                self.add(module, used)
            elif used in file.imports:
                self._add_import(file.imports[used])
        self._parts.append(_text(file, name))

    def _add_import(self, imported: _Import) -> None:
        if imported.module.partition(".")[0] != _PACKAGE:
            self._imports.add(imported)
        elif imported.name is not None:
            self.add(*_defined_in(imported.module, imported.name))

    def inlined(self) -> Inlined:
        """The imports, a line each, and the definitions."""
        lines = (line for block in self._import_blocks() for line in block.splitlines())
        return Inlined(tuple(lines), self._body())

    def text(self, entry: Entry) -> str:
        """The module."""
        header = (
            f'"""{entry.name}: {entry.title}.\n\n'
            f"Copied from losslint {losslint.__version__}, "
            'Copyright (c) 2026 The losslint authors, MIT licence.\n"""'
        )
        future = "from __future__ import annotations"
        return "\n\n".join((header, future, *self._import_blocks())) + "\n\n\n" + self._body()

    def _body(self) -> str:
        return "\n\n\n".join(part.strip("\n") for part in self._parts) + "\n"

    def _import_blocks(self) -> Iterator[str]:
        from_torch = {found for found in self._imports if found.module.startswith("torch")}
        for block in (self._imports - from_torch, from_torch):
            if block:
                yield "\n".join(_import_lines(block))


def _import_lines(imports: set[_Import]) -> Iterator[str]:
    plain = (found for found in imports if found.name is None)
    yield from sorted(f"import {found.module}{_as(found)}" for found in plain)
    for module in sorted({found.module for found in imports if found.name is not None}):
        of_module = (found for found in imports if found.module == module and found.name)
        names = sorted(
            (f"{found.name}{_as(found)}" for found in of_module), key=lambda n: (n.islower(), n)
        )
        yield f"from {module} import {', '.join(names)}"


def _as(found: _Import) -> str:
    return f" as {found.alias}" if found.alias else ""


@cache
def _read(module: str) -> _File:
    path = _ROOT.joinpath(*module.split(".")[1:])
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    source = path.read_text("utf-8")
    file = _File(source, {}, {}, {})
    last = ""
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            last = statement.name
            file.definitions[last] = statement
        elif isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            last = statement.targets[0].id
            file.definitions[last] = statement
        elif isinstance(statement, ast.ImportFrom) and statement.module:
            for alias in statement.names:
                file.imports[alias.asname or alias.name] = _Import(
                    statement.module, alias.name, alias.asname
                )
        elif isinstance(statement, ast.Import):
            for alias in statement.names:
                file.imports[alias.asname or alias.name] = _Import(alias.name, None, alias.asname)
        elif isinstance(statement, ast.Expr) and last:
            file.documentation[last] = statement
    return file


def _defined_in(module: str, name: str) -> tuple[str, str]:
    """Where a name is defined that a package may only pass on."""
    file = _read(module)
    if name in file.definitions:
        return module, name
    imported = file.imports[name]
    return _defined_in(imported.module, imported.name or name)


def _names(statement: ast.stmt) -> set[str]:
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}


def _text(file: _File, name: str) -> str:
    statement = file.definitions[name]
    decorators = getattr(statement, "decorator_list", [])
    first = min([statement.lineno, *(decorator.lineno for decorator in decorators)])
    last = file.documentation.get(name, statement).end_lineno
    lines = file.source.splitlines()[first - 1 : last]
    return "\n".join(lines).replace(":func:`losslint.losses.functional.", ":func:`")


def inlined(names: Iterable[tuple[str, str]]) -> Inlined:
    """The source of losses and of all they use, to be put into another module.

    Args:
        names: the module and the name of each, as an import has them.
    """
    collected = _Collected()
    for module, name in names:
        collected.add(*_defined_in(module, name))
    return collected.inlined()
