"""Text from source files and paths, made safe to print."""

from __future__ import annotations

import unicodedata

_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Control characters, invisible and direction-changing ones, lone surrogates, line separators."""
_JOINERS = frozenset("\u200c\u200d")
"""Parts of words and emoji, harmless."""


def printable(text: str) -> str:
    """The text with every character that could act on a terminal spelled out."""
    if text.isprintable():
        return text
    return "".join(map(_visible, text))


def _visible(character: str) -> str:
    if character in _JOINERS or unicodedata.category(character) not in _UNSAFE:
        return character
    return character.encode("unicode_escape").decode("ascii")
