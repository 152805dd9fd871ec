"""Writes changed files back, whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from losslint.errors import UserError
from losslint.source import Source


def write_back(before: Sequence[Source], after: Sequence[Source]) -> None:
    """Writes the files that are different now.

    Raises:
        UserError: if one of them has changed on disk since it was read, or cannot be written. What
            could be written has been.
    """
    old = {source.path: source.content for source in before}
    refused: list[str] = []
    for source in after:
        if source.content == old[source.path]:
            continue
        try:
            if source.path.read_bytes() != old[source.path]:
                refused.append(f"{source.path} has changed since it was read")
            else:
                _replace(source.path, source.content)
        except OSError as problem:
            refused.append(f"{source.path} cannot be written: {problem.strerror}")
    if refused:
        raise UserError(f"not fixed: {'; '.join(refused)}")


def _replace(path: Path, content: bytes) -> None:
    """Puts a complete new file in the place of the old one, with its mode and owner."""
    if not os.access(path, os.W_OK):
        raise PermissionError(None, "it is read-only")
    status = path.stat()
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    new = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        shutil.copymode(path, new)
        if hasattr(os, "chown"):
            with suppress(OSError):
                os.chown(new, status.st_uid, status.st_gid)
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
