"""Code to lint that is on every machine: Python's own, and what the environment has installed."""

from __future__ import annotations

import shutil
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

STANDARD_LIBRARY = "standard library"
SMALL = "small packages"
_SMALL = 50
_NOT_PYTHONS_OWN = {"site-packages", "dist-packages"}


@dataclass(frozen=True, slots=True)
class Corpus:
    """Files that are linted as one run."""

    name: str
    root: Path
    """What their paths are taken relative to."""
    files: tuple[Path, ...]

    def copy(self, folder: Path) -> None:
        """Copies the files, so that no ignore file around them hides any."""
        for file in self.files:
            target = folder / file.relative_to(self.root)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)


def corpora() -> Iterator[Corpus]:
    """The standard library, then the installed packages, the small ones as one."""
    library = Path(sysconfig.get_path("stdlib"))
    own = [
        file
        for file in sorted(library.rglob("*.py"))
        if _NOT_PYTHONS_OWN.isdisjoint(file.relative_to(library).parts)
    ]
    yield Corpus(STANDARD_LIBRARY, library, tuple(own))
    site = Path(sysconfig.get_path("purelib"))
    small: list[Path] = []
    for entry in sorted(site.iterdir()):
        files = sorted(entry.rglob("*.py")) if entry.is_dir() else [entry]
        if len(files) < _SMALL:
            small.extend(file for file in files if file.suffix == ".py")
        else:
            yield Corpus(entry.name, site, tuple(files))
    yield Corpus(SMALL, site, tuple(small))
