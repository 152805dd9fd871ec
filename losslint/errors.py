"""Mistakes of the user's that end a run, and the nearest right word for a wrong one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """The run cannot go on as it was asked for; the message names what, and what to do."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A question that names the known word nearest to ``word``, or nothing if none is near."""
    by_folded = {_folded(candidate): candidate for candidate in known}
    near = difflib.get_close_matches(_folded(word), by_folded, n=1, cutoff=0.6)
    return f"; did you mean {by_folded[near[0]]!r}?" if near else ""


def _folded(word: str) -> str:
    """The word without what eyes and fingers mix up: case, and letters that look like digits."""
    return word.casefold().translate(_LOOKALIKES)


_LOOKALIKES = str.maketrans("oil", "011")
