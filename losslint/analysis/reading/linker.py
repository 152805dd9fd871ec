"""Module names to files, as Python would resolve them from inside the project."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from losslint.source import ENDINGS

_SOURCE_FOLDERS = ("src", "lib", "source")
_LIBRARIES = frozenset(
    "accelerate albumentations cv2 fastai h5py keras lightning matplotlib numpy pandas "
    "PIL pytorch_lightning scipy seaborn skimage sklearn tensorboard tensorboardX tensorflow timm "
    "torch torchaudio torchmetrics torchtext torchvision tqdm transformers wandb yaml".split()
)


def is_library(name: str) -> bool:
    """Whether the first part of a module's name is that of a library that everybody has."""
    return name in sys.stdlib_module_names or name in _LIBRARIES


class Linker:
    """Finds the file behind an import, without looking outside the linted project."""

    def __init__(self, top: Path, src_roots: Sequence[Path]) -> None:
        self._top = top
        self._src_roots = tuple(src_roots)
        self._added: list[Path] = []
        self._found: dict[tuple[Path, str], Path | None] = {}
        self._behind: dict[tuple[Path, str], str] = {}
        self._exists: dict[Path, bool] = {}
        self._listed: dict[Path, frozenset[str]] = {}

    def find(self, name: str, importer: Path, level: int) -> Path | None:
        """The file or folder that ``name`` means where ``importer`` imports it."""
        folder = importer.parent if importer.suffix in ENDINGS else importer
        if level:
            for _ in range(level - 1):
                folder = folder.parent
            return self._below(folder, name) if name else self._package(folder)
        return self._absolute(folder, name)

    def behind_absent_root(self, name: str, importer: Path) -> str:
        """The end of a module's name by which it was found; empty where all of the name was."""
        folder = importer.parent if importer.suffix in ENDINGS else importer
        return self._behind.get((folder, name), "")

    def search(self, folder: str, importer: Path) -> None:
        """Searches a folder too that a file adds to ``sys.path``, after all others.

        A relative one is meant from where the program is started: mostly at the top, or where the
        file lies.
        """
        for start in self._ancestors(importer.parent):
            added = (start / folder).resolve()
            if self.is_inside(added) and self._is_folder(added):
                if added not in self._added:
                    self._added.append(added)
                    self._found = {key: one for key, one in self._found.items() if one is not None}
                return

    def inside(self, name: str, importer: Path, beginning: str) -> list[Path]:
        """The modules of a package whose names begin so, in the order of their names."""
        found = self.find(name, importer, 0)
        if found is None or (found.suffix == ".py" and found.name != "__init__.py"):
            return []
        folder = found.parent if found.suffix == ".py" else found
        names = {
            entry.removesuffix(".py")
            for entry in self._names_in(folder)
            if entry.startswith(beginning) and not entry.startswith((".", "__"))
        }
        modules = (self._below(folder, one) for one in sorted(names) if one.isidentifier())
        return [module for module in modules if module is not None]

    def is_inside(self, folder: Path) -> bool:
        """Whether a folder can be a package of the project."""
        return self._top in folder.parents

    def _absolute(self, folder: Path, name: str) -> Path | None:
        key = (folder, name)
        if key not in self._found:
            found = next(self._everywhere(folder, name), None)
            if found is None and "." in name:
                found = self._behind_absent_root(folder, name)
            self._found[key] = found
        return self._found[key]

    def _everywhere(self, folder: Path, name: str) -> Iterator[Path]:
        first = name.partition(".")[0]
        library = is_library(first)
        for root in self._roots(folder):
            around = root != self._top and root / first in (folder, *folder.parents)
            if library and (around or self._is_package(root)):
                continue  # `losses/torch/dice.py` imports torch itself, not the folder it lies in
            found = self._below(root, name)
            if found is not None:
                yield found

    def _is_package(self, folder: Path) -> bool:
        """Whether a folder is a package, which no import looks into without naming it."""
        return "__init__.py" in self._names_in(folder) and folder != self._top

    def _behind_absent_root(self, folder: Path, name: str) -> Path | None:
        """What the end of a name means whose first packages are not there.

        A checkout can have another name than the package that it is imported as, and lie in other
        folders than those on its author's disk. The longest end counts that names something.
        """
        first, *rest = name.split(".")
        if is_library(first) or next(self._everywhere(folder, first), None) is not None:
            return None
        for start in range(len(rest)):
            end = rest[start:]
            if len(end) == 1 and (start or not self._is_called(first)):
                break  # too many modules of libraries are called so
            found = set(self._everywhere(folder, ".".join(end)))
            if found:
                self._behind[folder, name] = ".".join(end)
                return found.pop() if len(found) == 1 else None
        return None

    def _is_called(self, package: str) -> bool:
        """Whether the folder of the checkout is called like a package, more or less."""
        folder = self._top.name.replace("-", "_").lower()
        return package.lower() in (folder, *folder.split("__"), folder.rpartition("_")[0])

    def _roots(self, folder: Path) -> Iterator[Path]:
        """The importing file's folder and every ancestor up to the top, then source folders."""
        seen = self._ancestors(folder)
        yield from seen
        yield from self._src_roots
        for root in seen:
            for inner in _SOURCE_FOLDERS:
                yield root / inner
        yield from self._added

    def _ancestors(self, folder: Path) -> list[Path]:
        """A folder and every ancestor up to the top."""
        seen: list[Path] = []
        current = folder
        while True:
            seen.append(current)
            if current == self._top or current == current.parent:
                break
            if self._top not in current.parents:
                break
            current = current.parent
        return seen

    def _below(self, root: Path, name: str) -> Path | None:
        first = name.partition(".")[0]
        names = self._names_in(root)
        if first not in names and f"{first}.py" not in names:
            return None
        path = root.joinpath(*name.split("."))
        file = path.with_name(path.name + ".py")
        package = path / "__init__.py"
        if self._is_file(package):
            return package
        if self._is_file(file):
            return file
        return self._package(path)

    def _package(self, path: Path) -> Path | None:
        """A folder as a package: its ``__init__``, or itself where it holds Python files."""
        init = path / "__init__.py"
        if self._is_file(init):
            return init
        if not self._is_folder(path):
            return None
        try:
            return path if any(child.suffix == ".py" for child in path.iterdir()) else None
        except OSError:
            return None

    def _names_in(self, folder: Path) -> frozenset[str]:
        """What lies in a folder: most imports mean something that does not."""
        known = self._listed.get(folder)
        if known is None:
            try:
                known = frozenset(entry.name for entry in folder.iterdir())
            except OSError:
                known = frozenset()
            self._listed[folder] = known
        return known

    def _is_file(self, path: Path) -> bool:
        known = self._exists.get(path)
        if known is None:
            try:
                known = path.is_file()
            except OSError:
                known = False
            self._exists[path] = known
        return known

    def _is_folder(self, path: Path) -> bool:
        try:
            return path.is_dir() and path != self._top.parent
        except OSError:
            return False
