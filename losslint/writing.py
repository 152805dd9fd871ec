"""Writes changed files back, whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from losslint.errors import UserError
from losslint.finding import Finding
from losslint.source import Source


def write_back(
    before: Sequence[Source], after: Sequence[Source], fixed: Iterable[Finding] = ()
) -> None:
    """Writes the files that are different now.

    Args:
        before: the files as they were read.
        after: the files as they shall be.
        fixed: what was fixed in them; files that one fix changes are all written, or none is.

    Raises:
        UserError: if one of them has changed on disk since it was read, or cannot be written. What
            could be written has been.
    """
    old = {source.path: source for source in before}
    new = {source.path: source for source in after if source.content != old[source.path].content}
    refused: list[str] = []
    for paths in _groups(new, fixed):
        try:
            _write_all([(old[path], new[path]) for path in paths])
        except _Refused as problem:
            others = [str(path) for path in paths if path != problem.path]
            left = f", so {', '.join(others)} stay as they were" if others else ""
            refused.append(f"{problem}{left}")
    if refused:
        raise UserError(f"not fixed: {'; '.join(refused)}")


class _Refused(Exception):
    """A file that is not written, and why."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path} {why}")
        self.path = path


def _groups(changed: Mapping[Path, Source], fixed: Iterable[Finding]) -> list[list[Path]]:
    """The changed files; those that fixes have in common stand together."""
    groups = {path: {path} for path in changed}
    for finding in fixed:
        edits = () if finding.fix is None else finding.fix.edits
        paths = {edit.span.path for edit in edits} & changed.keys()
        joined = set[Path]().union(*(groups[path] for path in paths))
        groups.update(dict.fromkeys(joined, joined))
    return list({id(group): sorted(group) for group in groups.values()}.values())


def _write_all(changes: Sequence[tuple[Source, Source]]) -> None:
    """Puts complete new files in the places of old ones; if one of them cannot be, none is.

    Raises:
        _Refused: for the first of them that is not as it was, or cannot be written.
    """
    staged: list[tuple[Source, Path]] = []
    done: list[Source] = []
    try:
        for old, new in changes:
            staged.append((old, _staged(old, new)))
        for old, file in staged:
            _replace(old.path, file)
            done.append(old)
    except _Refused:
        for source in done:
            with suppress(_Refused, OSError):
                _replace(source.path, _temporary(source))
        raise
    finally:
        for _, file in staged:
            file.unlink(missing_ok=True)


def _staged(old: Source, new: Source) -> Path:
    """The new file, beside the old one under another name."""
    try:
        if old.path.read_bytes() != old.content:
            raise _Refused(old.path, "has changed since it was read")
        if not os.access(old.path, os.W_OK):
            raise _Refused(old.path, "cannot be written: it is read-only")
        return _temporary(new)
    except OSError as problem:
        raise _Refused(old.path, f"cannot be written: {problem.strerror}") from problem


def _temporary(source: Source) -> Path:
    """A file's content under another name, with the mode and owner of what is there now."""
    path = source.path
    status = path.stat()
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    new = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(source.content)
            out.flush()
            os.fsync(out.fileno())
        shutil.copymode(path, new)
        if hasattr(os, "chown"):
            with suppress(OSError):
                os.chown(new, status.st_uid, status.st_gid)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
    return new


def _replace(path: Path, new: Path) -> None:
    try:
        new.replace(path)
    except OSError as problem:
        raise _Refused(path, f"cannot be written: {problem.strerror}") from problem
