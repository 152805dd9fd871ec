"""The other files of a project, as far as they can name what one file defines."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from losslint.dependents import dependents

if TYPE_CHECKING:
    from losslint.analysis.domain.syntax import SourceModule
    from losslint.analysis.reading.linker import Linker
    from losslint.source import Source

Unseen = Callable[[Collection[Path]], bool]
"""Whether a file of the project that is not linted may import one of these."""


MAX_IMPORTERS = 200
"""What more files import is not followed."""
_BY_NAME = (b"import_module(", b"__import__(", b"instantiate(", b"sys.modules")
"""Calls that import what a string names."""


class Surroundings:
    """Who imports what in a project, in terms of its parsed files."""

    def __init__(
        self,
        linker: Linker,
        sources: Mapping[Path, Source],
        load: Callable[[Path], SourceModule | None],
        unseen: Unseen | None,
    ) -> None:
        self._linker = linker
        self._sources = sources
        self._load = load
        self._unseen = unseen
        self._importers: dict[Path, list[SourceModule] | None] = {}
        self._by_name: bool | None = None
        self.known: dict[Hashable, object] = {}
        """What was worked out from these files, for as long as they are as they are."""

    def find(self, name: str, importer: Path, level: int) -> Path | None:
        """The file, or the folder without an ``__init__``, that an import in a file names."""
        path = self._linker.find(name, importer, level)
        return None if path is None else path.resolve()

    def module(self, path: Path) -> SourceModule | None:
        """A file that imports led to; None for a folder, and for what is no Python."""
        return self._load(path) if path.suffix == ".py" else None

    def importers(self, path: Path) -> Sequence[SourceModule] | None:
        """The linted files that import a file, or a package that it is in, or another such file.

        None where not all of them can be read and written, or files are imported by names in
        strings.
        """
        if path not in self._importers:
            self._importers[path] = self._find_importers(path)
        return self._importers[path]

    def _find_importers(self, path: Path) -> list[SourceModule] | None:
        if self._imports_by_name():
            return None
        targets = {path, *self._packages(path)}
        others = [source for at, source in self._sources.items() if at != path]
        found = list(
            islice(dependents(targets, others, self._linker, guessing=True), MAX_IMPORTERS + 1)
        )
        if len(found) > MAX_IMPORTERS or any(source.notebook is not None for source in found):
            return None
        files = [self._load(source.path) for source in found]
        read = [file for file in files if file is not None]
        return read if len(read) == len(files) else None

    def _packages(self, path: Path) -> list[Path]:
        """The packages around a file, each as the file or folder that an import of it finds."""
        found: list[Path] = []
        folder = path.parent
        while self._linker.is_inside(folder):
            init = folder / "__init__.py"
            found.append(init if init in self._sources else folder)
            folder = folder.parent
        return [one for one in found if one != path]

    def is_hidden(self, paths: Sequence[Path]) -> bool:
        """Whether a file that is not linted may import one of these."""
        return self._unseen is not None and self._unseen(paths)

    def _imports_by_name(self) -> bool:
        if self._by_name is None:
            self._by_name = any(
                call in source.content for source in self._sources.values() for call in _BY_NAME
            )
        return self._by_name
