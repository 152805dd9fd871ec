"""The files of a project that import the given ones, since what these do shows there.

A hook sees the files that were changed. If that is the model, the loss that it no longer fits
stands in a file that was not.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from losslint.analysis.linker import Linker
from losslint.analysis.prefilter import importers, imports_of, module_name
from losslint.discovery import TooMany, python_files
from losslint.paths import exists
from losslint.source import Source

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


def dependents(
    targets: Collection[Path], candidates: Sequence[Source], linker: Linker
) -> Iterator[Source]:
    """The candidates that import a target, or another dependent."""
    waiting = list(candidates)
    links = _Links(linker)
    while targets:
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

    def __init__(self, linker: Linker) -> None:
        self._linker = linker
        self._resolved: dict[Path, Path] = {}

    def lead_to(self, targets: Collection[Path], source: Source) -> bool:
        """Whether a file imports one of the targets."""
        names = {module_name(path) for path in targets}
        return any(
            self._find(name, source.path, level) in targets
            for text in imports_of(source.content)
            for level, name in _modules(text.decode("utf-8", "replace"))
            if not name or name.rpartition(".")[2] in names
        )

    def _find(self, name: str, importer: Path, level: int) -> Path | None:
        path = self._linker.find(name, importer, level)
        if path is None:
            return None
        if path not in self._resolved:
            self._resolved[path] = path.resolve()
        return self._resolved[path]


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
