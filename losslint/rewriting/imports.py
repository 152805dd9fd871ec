"""What names stand for that come from other files of the project."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import libcst as cst

from losslint.analysis.domain.trail import Place
from losslint.rewriting.scopes import assigned, is_load, is_moved, is_variable, scope_of
from losslint.rewriting.tree import Tree, dotted, tree_of
from losslint.source import ENDINGS

if TYPE_CHECKING:
    from losslint.analysis.domain.syntax import SourceModule

Meaning: TypeAlias = "Place | Path | None"
"""A name's only definition in a module (a class, a function, or the target of an assignment), the
file or folder of a module, or something else."""


@dataclass(frozen=True, slots=True)
class Imported:
    """One name that an import gives a value to."""

    statement: cst.Import | cst.ImportFrom
    alias: cst.ImportAlias
    name: str
    """The name in the importing file."""
    module: str
    level: int
    member: str
    """What is taken from the module; empty for the module itself."""


def imported(statement: cst.Import | cst.ImportFrom) -> Iterator[Imported]:
    """The names that an import sets; none where a star hides them."""
    if isinstance(statement.names, cst.ImportStar):
        return
    for alias in statement.names:
        full = dotted(alias.name)
        own = dotted(alias.asname.name) if alias.asname is not None else ""
        if isinstance(statement, cst.ImportFrom):
            module, level = source_of(statement)
            yield Imported(statement, alias, own or full, module, level, full)
        else:
            first = full.partition(".")[0]
            yield Imported(statement, alias, own or first, full if own else first, 0, "")


def source_of(statement: cst.ImportFrom) -> tuple[str, int]:
    """The module that ``from`` names, and the number of dots before it."""
    module = dotted(statement.module) if statement.module is not None else ""
    return module, len(statement.relative)


def meaning_of(place: Place) -> Meaning:
    """What a name, or a name of a module with dots, stands for where it is read."""
    node = place.node
    if isinstance(node, cst.Name):
        scope = scope_of(tree_of(place.file), node)
        return None if scope is None else named(place.file, scope, node.value)
    if isinstance(node, cst.Attribute):
        module = meaning_of(Place(place.file, node.value))
        return member(place.file, module, node.attr.value) if isinstance(module, Path) else None
    return None


def named(file: SourceModule, scope: cst.CSTNode, name: str) -> Meaning:
    """What a name means everywhere in a scope; None where it is set more than once, or by a star.

    It is no definition either if it is set in a function.
    """
    around = file.around
    if around is None:
        return _alone(file, scope, name)
    key = ("named", scope, name)
    if key not in around.known:
        around.known[key] = None  # modules may import each other
        around.known[key] = _named(file, scope, name)
    found = around.known[key]
    assert found is None or isinstance(found, Place | Path)
    return found


def member(importer: SourceModule, module: Path, name: str) -> Meaning:
    """What a module has under a name: something that it defines or imports, or one inside it."""
    around = importer.around
    if around is None:
        return None
    file = around.module(module)
    if file is not None:
        if setters(tree_of(file), file.tree, name):
            return named(file, file.tree, name)
        stars = [_from_star(file, star, name) for star in stars_of(tree_of(file))]
        known = [one for one in stars if one is not None]
        if known:
            return known[0] if len(set(known)) == 1 else None
    is_package = module.suffix not in ENDINGS or module.name == "__init__.py"
    return around.find(name, module, 1) if is_package else None


def stars_of(tree: Tree) -> list[cst.ImportFrom]:
    """The imports of everything that a module has."""
    return [
        one
        for one in tree.imports
        if isinstance(one, cst.ImportFrom) and isinstance(one.names, cst.ImportStar)
    ]


def _from_star(file: SourceModule, star: cst.ImportFrom, name: str) -> Meaning:
    assert file.around is not None
    key = ("star", star, name)
    if key not in file.around.known:
        file.around.known[key] = None
        path = file.around.find(*_first(source_of(star), file))
        file.around.known[key] = None if path is None else member(file, path, name)
    found = file.around.known[key]
    assert found is None or isinstance(found, Place | Path)
    return found


def _first(source: tuple[str, int], file: SourceModule) -> tuple[str, Path, int]:
    return source[0], file.path, source[1]


def star_module(file: SourceModule, star: cst.ImportFrom) -> Path | None:
    """The file that everything is imported from."""
    return None if file.around is None else file.around.find(*_first(source_of(star), file))


def setters(tree: Tree, scope: cst.CSTNode, name: str) -> list[cst.CSTNode]:
    """Everything that gives a name a value in a scope; of an import, its alias."""
    found: list[cst.CSTNode] = []
    for node in tree.named(name):
        up = tree.parent(node)
        if isinstance(up, cst.AsName) and isinstance(tree.parent(up), cst.ImportAlias):
            alias = tree.parent(up)
        elif isinstance(up, cst.ImportAlias) and up.asname is None:
            alias = up
        else:
            alias = None
        if alias is not None:
            if scope_of(tree, node) is scope:
                found.append(alias)
        elif not tree.is_in_import(node) and is_variable(tree, node) and not is_load(tree, node):
            if scope_of(tree, node) is scope and not is_moved(tree, node):
                found.append(node)
    for statement in tree.imports:
        if isinstance(statement, cst.Import):
            for one in imported(statement):
                if one.name == name and isinstance(one.alias.name, cst.Attribute):
                    if one.alias.asname is None and tree.scope(statement) is scope:
                        found.append(one.alias)
    return found


def loads(tree: Tree, scope: cst.CSTNode, name: str) -> list[cst.Name] | None:
    """Everything that reads a name of a scope; None where a scope takes more than a look."""
    found: list[cst.Name] = []
    for node in tree.named(name):
        if tree.is_in_import(node) or not is_variable(tree, node) or is_moved(tree, node):
            continue
        own = scope_of(tree, node)
        if own is None:
            return None
        if own is scope and is_load(tree, node):
            found.append(node)
    return found


def _alone(file: SourceModule, scope: cst.CSTNode, name: str) -> Meaning:
    found = setters(tree_of(file), scope, name)
    if len(found) == 1 and scope is file.tree and not isinstance(found[0], cst.ImportAlias):
        return _definition(file, found[0])
    return None


def _named(file: SourceModule, scope: cst.CSTNode, name: str) -> Meaning:
    tree = tree_of(file)
    found = setters(tree, scope, name)
    if not found:
        stars = stars_of(tree) if scope is file.tree else []
        known = {one for star in stars if (one := _from_star(file, star, name)) is not None}
        return known.pop() if len(known) == 1 else None
    if all(isinstance(one, cst.ImportAlias) for one in found):
        meanings = {_imported(file, tree, one) for one in found}
        return meanings.pop() if len(meanings) == 1 else None
    return _definition(file, found[0]) if len(found) == 1 and scope is file.tree else None


def _definition(file: SourceModule, setter: cst.CSTNode) -> Meaning:
    up = tree_of(file).parent(setter)
    if isinstance(up, cst.ClassDef | cst.FunctionDef):
        return Place(file, up) if tree_of(file).parent(up) is file.tree else None
    return None if assigned(tree_of(file), setter) is None else Place(file, setter)


def _imported(file: SourceModule, tree: Tree, alias: cst.CSTNode) -> Meaning:
    statement = tree.parent(alias)
    assert isinstance(statement, cst.Import | cst.ImportFrom)
    one = next(one for one in imported(statement) if one.alias is alias)
    return meaning_of_import(file, one)


def meaning_of_import(file: SourceModule, one: Imported) -> Meaning:
    """What an import brings into a file."""
    assert file.around is not None
    path = file.around.find(one.module, file.path, one.level)
    if path is None or not one.member:
        return path
    return member(file, path, one.member)
