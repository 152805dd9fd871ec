"""The files of a project that import the given ones, since what these do shows there.

A hook sees the files that were changed. If that is the model, the loss that it no longer fits
stands in a file that was not.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from losslint.analysis.reading.linker import Linker, is_library
from losslint.analysis.reading.prefilter import importers, imports_of, module_name
from losslint.discovery import TooMany, python_files
from losslint.paths import exists
from losslint.source import NOTEBOOK, Source

if TYPE_CHECKING:
    from losslint.config import Settings

MAX_FILES = 2_000
"""A project with more files is not searched."""
MAX_DEPENDENTS = 100
"""Of the files that import the given ones no more are looked into, the nearest first."""
_MARKERS = ("pyproject.toml", "setup.py", ".git")
_FROM = re.compile(r"(?P<dots>\.*)\s*(?P<module>[\w.]*?)\s*\bimport\b(?P<names>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Context:
    """What of the project counts besides the given files."""

    root: Path
    sources: tuple[Source, ...] = ()
    """The files that import a given one, directly or through others."""
    files: frozenset[Path] = frozenset()
    """All files of the project that may be reported."""


def find_context(
    given: Sequence[Source], start: Path, settings: Settings, exclude: Sequence[str]
) -> Context | None:
    """The rest of the project that ``given`` belongs to; None if there is none, or too much of it.

    Args:
        given: the files to lint.
        start: the deepest folder that holds them.
        settings: the settings that hold there.
        exclude: patterns of what is left out.
    """
    root = _root(start, settings)
    if root is None:
        return None
    try:
        files = python_files(root, root=settings.root, exclude=exclude, at_most=MAX_FILES)
    except TooMany:
        return None
    known = {source.path for source in given}
    candidates = [source for path in files if path not in known for source in _read(path)]
    found = dependents(known, candidates, Linker(root, settings.src))
    return Context(root, tuple(islice(found, MAX_DEPENDENTS)), frozenset(files))


class Unseen:
    """The files of a project that a run leaves out; read when they are asked about.

    Args:
        seen: the files that are linted, or looked into.
        start: the deepest folder that holds what was given.
        settings: the settings that hold there.
    """

    def __init__(self, seen: Collection[Path], start: Path, settings: Settings) -> None:
        self._seen = seen
        self._root = _root(start, settings) or start
        self._settings = settings
        self._known: dict[frozenset[Path], bool] = {}

    def may_import(self, targets: Collection[Path]) -> bool:
        """Whether one of the files may import a target; so it is if there are too many of them."""
        key = frozenset(targets)
        if key not in self._known:
            others = self._others
            linker = Linker(self._root, self._settings.src)
            self._known[key] = others is None or any(
                True for _ in dependents(targets, others, linker, guessing=True)
            )
        return self._known[key]

    @cached_property
    def _others(self) -> Sequence[Source] | None:
        try:
            files = python_files(
                self._root,
                root=self._settings.root,
                exclude=(),
                at_most=MAX_FILES + len(self._seen),
            )
        except TooMany:
            return None
        return [source for path in files if path not in self._seen for source in _read(path)]


def dependents(
    targets: Collection[Path],
    candidates: Sequence[Source],
    linker: Linker,
    *,
    guessing: bool = False,
) -> Iterator[Source]:
    """The candidates that import a target, or another dependent.

    Args:
        targets: the files that may be imported.
        candidates: the files that may import them.
        linker: finds what an import names.
        guessing: whether an import with the right name counts that leads nowhere: a script may
            look for modules in other folders.
    """
    waiting = list(candidates)
    links = _Links(linker, guessing=guessing)
    while targets := {path for path in targets if path.suffix != NOTEBOOK}:
        found = [source for source in importers(targets, waiting) if links.lead_to(targets, source)]
        yield from found
        targets = {source.path for source in found}
        waiting = [source for source in waiting if source.path not in targets]


def _root(start: Path, settings: Settings) -> Path | None:
    """The folder of the project, within the repository that the user works in, if that is one."""
    here = Path.cwd().resolve()
    if settings.file is not None and start.is_relative_to(settings.root.resolve()):
        root = settings.root.resolve()
    else:
        around = (start, *start.parents)
        marked = (f for f in around if any(exists(f / name) for name in _MARKERS))
        root = next(marked, here if start.is_relative_to(here) else start)
    repository = next((f for f in (here, *here.parents) if exists(f / ".git")), root)
    if root != repository and repository.is_relative_to(root):
        return repository if start.is_relative_to(repository) else None
    return root


def _read(path: Path) -> Iterator[Source]:
    try:
        yield Source.read(path)
    except OSError:
        return


class _Links:
    """Where imports lead, each looked up once."""

    def __init__(self, linker: Linker, *, guessing: bool) -> None:
        self._linker = linker
        self._guessing = guessing
        self._resolved: dict[Path, Path] = {}

    def lead_to(self, targets: Collection[Path], source: Source) -> bool:
        """Whether a file imports one of the targets."""
        names = {module_name(path) for path in targets}
        return any(
            self._leads_to(targets, name, source.path, level)
            for text in imports_of(source.content)
            for level, name in _modules(text.decode("utf-8", "replace"))
            if not name or name.rpartition(".")[2] in names
        )

    def _leads_to(self, targets: Collection[Path], name: str, importer: Path, level: int) -> bool:
        found = self._find(name, importer, level)
        if found is not None or level or not self._guessing or not name:
            return found in targets
        first = name.partition(".")[0]
        if is_library(first) or self._find(first, importer, 0) is not None:
            return False
        return any(_may_be_called(path, name) for path in targets)

    def _find(self, name: str, importer: Path, level: int) -> Path | None:
        path = self._linker.find(name, importer, level)
        if path is None:
            return None
        if path not in self._resolved:
            self._resolved[path] = path.resolve()
        return self._resolved[path]


def _may_be_called(path: Path, name: str) -> bool:
    """Whether there is a folder from which a file would be imported under a name."""
    module = path.parent if path.name == "__init__.py" else path.with_suffix("")
    parts = name.split(".")
    return list(module.parts[-len(parts) :]) == parts


def _modules(text: str) -> Iterator[tuple[int, str]]:
    """The modules that an import may load, and how many dots are before their names."""
    parts = _FROM.fullmatch(text)
    if parts is None:  # import a.b as c, d
        for dotted in re.findall(r"[\w.]+(?=\s*(?:,|$|as\b))", text):
            names = dotted.split(".")
            for end in range(1, len(names) + 1):
                yield 0, ".".join(names[:end])
        return
    level, module = len(parts["dots"]), parts["module"]
    yield level, module
    for name in re.findall(r"\w+", parts["names"]):
        yield level, f"{module}.{name}" if module else name
