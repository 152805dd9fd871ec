"""Mistakes of the user's that end a run, and the nearest right word for a wrong one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """The run cannot go on as it was asked for; the message names what, and what to do."""


_NEAR = 0.6


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A question that names the known word nearest to ``word``, or nothing if none is near.

    Of several that are as near, it names the first.
    """
    matcher = difflib.SequenceMatcher(b=word.casefold())

    def nearness(candidate: str) -> float:
        matcher.set_seq1(candidate.casefold())
        return matcher.ratio()

    best = max(known, key=nearness, default="")
    return f"; did you mean {best!r}?" if best and nearness(best) >= _NEAR else ""
