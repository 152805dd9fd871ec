"""A look at raw bytes that spares most files from being parsed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from losslint.source import Source

_ABOUT_TORCH = (b"torch", b"backward(", b"nn.", b"F.", b"lightning", b"accelerat")
_ABOUT_LOSS = (
    b"loss", b"Loss", b"backward", b"oftmax", b"igmoid", b"riterion", b"entropy", b"zero_grad",
    b"kl_div", b"log(", b".step(",
)  # fmt: skip


def worth_analysing(content: bytes) -> bool:
    """Whether a file can have anything to do with a loss or a training loop."""
    return any(token in content for token in _ABOUT_TORCH) and any(
        token in content for token in _ABOUT_LOSS
    )


FEW = 20
"""So many files are all parsed: that one is not Python is worth saying, whatever it is about."""
_IMPORT = re.compile(rb"^[ \t]*(?:from|import)\b[ \t]*([\w. \t,*]+(?:\([^)]*\))?)", re.MULTILINE)
_WORD = re.compile(rb"\w+")
MAX_HOPS = 3


def choose(sources: Sequence[Source]) -> list[Path]:
    """The files to evaluate: those that may hold a loss or a loop, and those that import them.

    A script that only builds a model and hands it to a trainer says nothing of losses, but what it
    passes decides whether the trainer's loss is right.
    """
    if len(sources) <= FEW:
        return [source.path for source in sources if _WORD.search(source.content)]
    chosen = {source.path for source in sources if worth_analysing(source.content)}
    waiting = [source for source in sources if source.path not in chosen]
    for _ in range(MAX_HOPS):
        found = importers(chosen, waiting)
        if not found:
            break
        chosen.update(source.path for source in found)
        waiting = [source for source in waiting if source.path not in chosen]
    return [source.path for source in sources if source.path in chosen]


def importers(targets: Iterable[Path], candidates: Iterable[Source]) -> list[Source]:
    """The candidates with an import that names one of the files; another file may be meant."""
    names = {module_name(path).encode("utf-8", "replace") for path in targets}
    return [source for source in candidates if not names.isdisjoint(_imported(source))]


def imports_of(content: bytes) -> Iterator[bytes]:
    """What follows the ``from`` or ``import`` of each import in a file, up to the end of its line.

    Where a list in parentheses follows, up to the end of that.
    """
    for match in _IMPORT.finditer(content):
        yield match[1]


def module_name(path: Path) -> str:
    """The last part of the name under which a file is imported."""
    return path.parent.name if path.name == "__init__.py" else path.stem


@lru_cache(maxsize=2048)
def _imported(source: Source) -> set[bytes]:
    """Every name in the dotted names that a file imports from, and what it imports."""
    found: set[bytes] = set()
    for text in imports_of(source.content):
        found.update(_WORD.findall(text))
        level = len(text) - len(text.lstrip(b"."))
        if level:
            found.add(source.path.parents[level - 1].name.encode("utf-8", "replace"))
    return found
