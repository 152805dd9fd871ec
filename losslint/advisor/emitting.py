"""Writes the training script of a recommendation to a file."""

from __future__ import annotations

from pathlib import Path

from losslint.advisor.scripting import compose
from losslint.advisor.standalone import on_its_own
from losslint.advisor.walking import Walk
from losslint.errors import UserError


def emit(walk: Walk, path: Path, *, force: bool, standalone: bool) -> None:
    """Writes the script of the recommendation that a walk led to.

    Args:
        walk: the walk.
        path: the file.
        force: overwrite it if it is there.
        standalone: put the source of the loss into the script, so that it needs torch only.

    Raises:
        UserError: if the file is there and may not be overwritten, or cannot be written; or if
            it is a folder.
    """
    if walk.leaf is None:
        raise ValueError("the walk led to no recommendation")
    if path.is_dir():
        raise UserError(f"{path} is a folder: name a file for the script")
    text = compose(walk.leaf, walk.numbers())
    if standalone:
        text = on_its_own(text)
    try:
        with path.open("w" if force else "x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError as problem:
        raise UserError(f"{path} is there already; --force overwrites it") from problem
    except OSError as problem:
        raise UserError(f"{path} cannot be written: {problem.strerror}") from problem
