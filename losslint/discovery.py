"""From the paths of the command line to the files to lint."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

from losslint.errors import UserError, did_you_mean
from losslint.paths import exists, is_file, is_folder
from losslint.source import ENDINGS

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

DEFAULT_EXCLUDES = (
    ".*/",
    "._*",
    "__pycache__/",
    "__pypackages__/",
    "_build/",
    "build/",
    "dist/",
    "node_modules/",
    "site-packages/",
    "venv/",
    "*.egg-info/",
)
"""Patterns, as in .gitignore, of what is never entered; folders with a pyvenv.cfg neither."""


_MANY = 10_000
"""Entries of folders that are looked at to say why nothing was found."""

Unreadable = Callable[[Path, OSError], None]


def _pass_over(path: Path, problem: OSError) -> None:
    """What becomes of folders that cannot be read if nobody asks for them."""


def discover(
    paths: Sequence[Path],
    *,
    root: Path,
    exclude: Sequence[str] = (),
    unreadable: Unreadable = _pass_over,
) -> list[Path]:
    """The Python files and notebooks under ``paths``, resolved, each once, sorted.

    A file that is named itself is taken even if it is excluded, or is called otherwise.

    Args:
        paths: files and folders.
        root: the folder that the exclude patterns are relative to.
        exclude: patterns as in .gitignore, on top of the default ones.
        unreadable: is told of folders that cannot be read.

    Raises:
        UserError: if a path does not exist.
    """
    rules = _rules(root, exclude)
    found: set[Path] = set()
    for path in paths:
        if is_folder(path):
            folder = path.resolve()
            found.update(_walk(folder, [*rules, *_git_ignores_above(folder)], unreadable))
        elif exists(path):
            found.add(path.resolve())
        else:
            raise _missing(path)
    return sorted(found)


def left_out_by_default(paths: Sequence[Path], *, root: Path, exclude: Sequence[str]) -> list[str]:
    """The folders with Python files under ``paths`` that only the default patterns leave out.

    In large ones not every folder is looked at.
    """
    from pathspec import GitIgnoreSpec

    excluded, default = _rules(root, exclude)
    found: set[str] = set()
    for folder in (path.resolve() for path in paths if is_folder(path)):
        no_default = _Ignores(None, GitIgnoreSpec.from_lines(()))
        rules = [excluded, no_default, *_git_ignores_above(folder)]
        with suppress(TooMany):
            for file in _walk(folder, rules, _pass_over, _MANY):
                inside = [one for one in reversed(file.parents) if one.is_relative_to(folder)][1:]
                out = next((one for one in inside if default.cover(one, is_dir=True)), None)
                if out is not None:
                    found.add(f"{out.relative_to(folder).as_posix()}/")
    return sorted(found)


class TooMany(Exception):
    """A folder with more in it than was asked for."""


def python_files(
    folder: Path,
    *,
    root: Path,
    exclude: Sequence[str],
    at_most: int,
) -> list[Path]:
    """The Python files and notebooks under a folder, as ``discover`` finds them.

    Raises:
        TooMany: if there are more than that, or a hundred times as many files of any kind.
    """
    folder = folder.resolve()
    rules = [*_rules(root, exclude), *_git_ignores_above(folder)]
    found = list(islice(_walk(folder, rules, _pass_over, at_most * 100), at_most + 1))
    if len(found) > at_most:
        raise TooMany
    return found


def common_folder(paths: Sequence[Path]) -> Path:
    """The deepest folder that holds all the paths."""
    resolved = [Path(os.path.realpath(path)) for path in paths]
    folders = [path if is_folder(path) else path.parent for path in resolved]
    try:
        return Path(os.path.commonpath(folders))
    except ValueError:  # on different drives
        return folders[0]


def _missing(path: Path) -> UserError:
    try:
        path.stat()
    except OSError as problem:
        if problem.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
            return UserError(f"{path} cannot be read: {problem.strerror}")
    if path.is_symlink():
        return UserError(f"{path} is a link to nowhere")
    try:
        beside = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        beside = []
    hint = did_you_mean(path.name, beside)
    return UserError(f"no such file or folder: {path}{hint}")


@dataclass(frozen=True, slots=True)
class _Ignores:
    """Patterns, and the folder that they are relative to; None is any folder."""

    folder: Path | None
    patterns: GitIgnoreSpec

    def cover(self, path: Path, *, is_dir: bool) -> bool | None:
        """Whether the path is out (True), brought back in by a ``!`` (False), or not named."""
        if self.folder is None:
            name = path.name
        elif path.is_relative_to(self.folder):
            name = path.relative_to(self.folder).as_posix()
        else:
            return None
        if not is_dir:
            return self.patterns.check_file(name).include
        # of a folder the last pattern that names it decides, as `!src/` does behind `*`
        naming = (one.include for one in self.patterns.patterns if one.match_file(name + "/"))
        return next(reversed([one for one in naming if one is not None]), None)


def _rules(root: Path, exclude: Sequence[str]) -> list[_Ignores]:
    from pathspec import GitIgnoreSpec

    return [
        _Ignores(root.resolve(), GitIgnoreSpec.from_lines(exclude)),
        _Ignores(None, GitIgnoreSpec.from_lines(DEFAULT_EXCLUDES)),
    ]


def _walk(
    top: Path,
    ignores: list[_Ignores],
    unreadable: Unreadable,
    at_most: float = inf,
) -> Iterator[Path]:
    """Links to folders are not followed: they lead in circles, or out of the project.

    Raises:
        TooMany: if there are more entries than ``at_most``.
    """
    pending = [(top, ignores)]
    while pending:
        folder, ignores = pending.pop()
        try:
            entries = list(os.scandir(folder))
        except OSError as problem:
            unreadable(folder, problem)
            continue
        at_most -= len(entries)
        if at_most < 0:
            raise TooMany
        if any(entry.name == ".gitignore" for entry in entries):
            ignores = [*ignores, *_git_ignore(folder)]
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                path = folder / entry.name
                if not _ignored(path, ignores, is_dir=True) and not _is_environment(path):
                    pending.append((path, ignores))
            elif entry.name.endswith(ENDINGS):  # before a Path is made: some folders hold millions
                path = folder / entry.name
                if (
                    path.suffix in ENDINGS
                    and is_file(path)
                    and not _ignored(path, ignores, is_dir=False)
                ):
                    yield path.resolve()


def _is_environment(folder: Path) -> bool:
    return exists(folder / "pyvenv.cfg")


def _ignored(path: Path, ignores: list[_Ignores], *, is_dir: bool) -> bool:
    """The last patterns that name the path decide among .gitignore files; exclusion is final."""
    exclude, default, *git = ignores
    if exclude.cover(path, is_dir=is_dir) or default.cover(path, is_dir=is_dir):
        return True
    verdicts = [rule.cover(path, is_dir=is_dir) for rule in reversed(git)]
    return next((verdict for verdict in verdicts if verdict is not None), False)


def _git_ignore(folder: Path) -> Iterator[_Ignores]:
    from pathspec import GitIgnoreSpec

    try:
        text = (folder / ".gitignore").read_text("utf-8", errors="replace")
        yield _Ignores(folder, GitIgnoreSpec.from_lines(text.splitlines()))
    except (OSError, ValueError):
        return  # unreadable, or with a pattern that git would not know either


def _git_ignores_above(folder: Path) -> list[_Ignores]:
    """The .gitignore files between the repository's root and ``folder``, outermost first."""
    above: list[Path] = []
    for parent in folder.parents:
        above.append(parent)
        if exists(parent / ".git"):
            break
    else:
        return []
    if exists(folder / ".git"):
        return []
    return [rule for parent in reversed(above) for rule in _git_ignore(parent)]
