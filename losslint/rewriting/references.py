"""Everything in a project that names a class, a function or a variable of a module."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.domain.trail import Place
from losslint.analysis.reading.linker import is_library
from losslint.rewriting.imports import (
    Imported,
    imported,
    loads,
    meaning_of,
    meaning_of_import,
    member,
    named,
    setters,
    source_of,
    star_module,
    stars_of,
)
from losslint.rewriting.tree import Tree, tree_of

if TYPE_CHECKING:
    from losslint.analysis.domain.syntax import SourceModule
    from losslint.analysis.reading.surroundings import Surroundings

_HARMLESS = frozenset(("__name__", "__file__", "__doc__", "__version__"))
_BY_NAME = ("eval", "exec", "globals", "vars", "locals")
"""Functions that find what a string names; of what they are given, ``vars`` finds only that."""


def references(definition: Place) -> tuple[Place, ...] | None:
    """The expressions that read a module's class, function or variable, in all files.

    They are names, or names behind that of a module. What only imports it is not among them. None
    where it could be read in a way, or from a file, that cannot be seen.
    """
    around = definition.file.around
    if around is None:
        return _here(definition)
    key = ("references", definition)
    if key not in around.known:
        around.known[key] = _references(definition, around)
    found = around.known[key]
    assert found is None or isinstance(found, tuple)
    return found


def is_private(target: Place) -> bool:
    """Whether no other file can read the variable of a module that is set here."""
    file, name = target.file, name_of(target)
    around = file.around
    if around is None:
        return True
    importers = around.importers(file.path)
    if importers is not None and not importers and not around.is_hidden([file.path]):
        return True
    if named(file, file.tree, name) != target:
        return False
    read = references(target)
    return read is not None and all(place.file is file for place in read)


def name_of(definition: Place) -> str:
    """The name that a definition gives."""
    node = definition.node
    if isinstance(node, cst.ClassDef | cst.FunctionDef):
        node = node.name
    assert isinstance(node, cst.Name)
    return node.value


def _here(definition: Place) -> tuple[Place, ...] | None:
    """The references in the file of the definition."""
    file, name = definition.file, name_of(definition)
    if named(file, file.tree, name) != definition or _finds_by_name(tree_of(file)):
        return None
    found = loads(tree_of(file), file.tree, name)
    return None if found is None else tuple(Place(file, node) for node in found)


def _references(definition: Place, around: Surroundings) -> tuple[Place, ...] | None:
    own, files = _here(definition), around.importers(definition.file.path)
    if own is None or files is None:
        return None
    found = list(own)
    paths = {definition.file.path, *(file.path for file in files)}
    reached = [definition.file.path]
    for file in files:
        search = _Search(file, definition, paths)
        if not search.everything():
            return None
        found += search.found
        if search.reaches:
            if _finds_by_name(tree_of(file)):
                return None
            reached.append(file.path)
    return None if around.is_hidden(reached) else tuple(dict.fromkeys(found))


def _finds_by_name(tree: Tree) -> bool:
    """Whether something in a file is looked up by a name in a string."""
    return any(
        isinstance(up := tree.parent(node), cst.Call)
        and up.func is node
        and not (name == "vars" and up.args)
        for name in _BY_NAME
        for node in tree.named(name)
    )


class _Search:
    """The references in a file that may import a definition."""

    def __init__(self, file: SourceModule, definition: Place, paths: set[Path]) -> None:
        self._file = file
        self._tree = tree_of(file)
        self._wanted = definition
        self._name = name_of(definition)
        self._paths = paths
        """The file of the definition, and all that may import it."""
        self.found: list[Place] = []
        self.reaches = False
        """Whether the file can name the definition at all."""

    def everything(self) -> bool:
        """Finds all references; False where some cannot be seen."""
        for statement in self._tree.imports:
            for one in imported(statement):
                if not self._import(one):
                    return False
        return all(self._star(star) for star in stars_of(self._tree))

    def _import(self, one: Imported) -> bool:
        meaning = meaning_of_import(self._file, one)
        if meaning is None:
            return not self._may_be_meant(one)
        leads_here = meaning == self._wanted or meaning in self._paths
        if not leads_here and not self._is_package(meaning):
            return True
        scope = self._tree.scope(one.statement)
        if scope is None or named(self._file, scope, one.name) != meaning:
            return False
        self.reaches = True
        read = loads(self._tree, scope, one.name)
        if read is None:
            return False
        if meaning == self._wanted:
            self.found += [Place(self._file, node) for node in read]
            return True
        return all(self._behind_module(node) for node in read)

    def _may_be_meant(self, one: Imported) -> bool:
        """Whether an import that leads nowhere has the definition's names."""
        stem = self._wanted.file.path.stem
        if one.level == 0 and is_library(one.module.partition(".")[0]):
            return False
        return one.member == self._name or stem in (one.member, one.module.rpartition(".")[2])

    def _is_package(self, meaning: object) -> bool:
        """Whether a module is a package around the definition."""
        if not isinstance(meaning, Path):
            return False
        folder = meaning.parent if meaning.name == "__init__.py" else meaning
        return folder in self._wanted.file.path.parents

    def _behind_module(self, node: cst.BaseExpression) -> bool:
        """Goes on from a module to what is read from it; False where that is unclear."""
        up = self._tree.parent(node)
        if not isinstance(up, cst.Attribute) or up.value is not node:
            return False
        meaning = meaning_of(Place(self._file, up))
        if meaning == self._wanted:
            self.found.append(Place(self._file, up))
            return True
        if meaning in self._paths or self._is_package(meaning):
            return self._behind_module(up)
        return not up.attr.value.startswith("__") or up.attr.value in _HARMLESS

    def _star(self, star: cst.ImportFrom) -> bool:
        module = star_module(self._file, star)
        if module is None:
            name, level = source_of(star)
            return level == 0 and name.rpartition(".")[2] != self._wanted.file.path.stem
        if module not in self._paths and not self._is_package(module):
            return True
        for name in self._names_in(module):
            scope = self._tree.root
            if setters(self._tree, scope, name):
                continue
            self.reaches = True
            read = loads(self._tree, scope, name)
            if read is None or named(self._file, scope, name) != self._wanted:
                return False
            self.found += [Place(self._file, node) for node in read]
        return True

    def _names_in(self, module: Path) -> list[str]:
        """The names under which a module has the definition."""
        assert self._file.around is not None
        file = self._file.around.module(module)
        if file is None:
            return []
        names = dict.fromkeys((self._name, *_set_by_imports(file, set())))
        return [name for name in names if member(file, module, name) == self._wanted]


def _set_by_imports(file: SourceModule, seen: set[Path]) -> Iterator[str]:
    """The names that the imports of a file set, those with a star too."""
    seen.add(file.path)
    tree = tree_of(file)
    for statement in tree.imports:
        for one in imported(statement):
            yield one.name
    for star in stars_of(tree):
        module = star_module(file, star)
        inner = None if module is None or file.around is None else file.around.module(module)
        if inner is not None and inner.path not in seen:
            yield from _set_by_imports(inner, seen)
