"""Questions about paths. A refusal is a no, as it is to those of Path from Python 3.14 on."""

from __future__ import annotations

from pathlib import Path


def exists(path: Path) -> bool:
    """Whether there is something that may be seen."""
    try:
        return path.exists()
    except OSError:
        return False


def is_file(path: Path) -> bool:
    """Whether there is a file that may be seen."""
    try:
        return path.is_file()
    except OSError:
        return False


def is_folder(path: Path) -> bool:
    """Whether there is a folder that may be seen."""
    try:
        return path.is_dir()
    except OSError:
        return False
