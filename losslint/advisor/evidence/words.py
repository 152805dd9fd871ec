"""The words that the identifiers of a script are made of: what its author calls things."""

from __future__ import annotations

import io
import keyword
import re
import tokenize
from collections.abc import Iterable, Iterator

_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_PLAIN = re.compile(r"[A-Za-z_]\w{0,39}")
_PLURAL = re.compile(r"(?<=[xh])es$|(?<=ss)es$|(?<=[^sui])s$")


def words_of(texts: Iterable[str]) -> dict[str, str]:
    """The words of all names in source texts, each with a name that it is in.

    Strings that look like names count as such, since many are the keys of what a name is for.

    Comments, docstrings and messages do not count: they may tell of anything.
    """
    return split(name for text in texts for name in _names(text))


def _names(text: str) -> Iterator[str]:
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.NAME and not keyword.iskeyword(token.string):
                yield token.string
            elif token.type == tokenize.STRING and _PLAIN.fullmatch(token.string[1:-1]):
                yield token.string[1:-1]
    except (tokenize.TokenError, SyntaxError):
        return  # what was read up to here counts


def split(names: Iterable[str]) -> dict[str, str]:
    """The words in names: of ``netG`` and ``log_vars`` these are net, g, netg, log, var, logvar.

    Of several names with a word the shortest stands beside it.
    """
    found: dict[str, str] = {}
    for name in sorted(set(names), key=lambda name: (-len(name), name)):
        words = [part.lower() for part in _PARTS.findall(name)]
        for word in (*words, name.replace("_", "").lower()):
            found[singular(word)] = name
    return found


def singular(word: str) -> str:
    """A word without the s of its plural."""
    return _PLURAL.sub("", word) if len(word) > 3 else word
