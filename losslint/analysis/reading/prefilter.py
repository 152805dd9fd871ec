"""A look at raw bytes that spares most files from being parsed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from losslint.source import Source

_LIBRARIES = (
    b"torch", b"import lightning", b"from lightning", b"import accelerate", b"from accelerate",
)  # fmt: skip
_TORCH = (*_LIBRARIES, b".backward(", b"manual_backward(", b"accelerator.")
_ALIASES = (b"nn.", b"F.")
"""What may mean torch in a snippet that imports nothing, and then nothing imports it."""
_ALIAS = re.compile(rb"(?<![\w.])(nn|F)\.[A-Za-z_]")
"""One of them as a name of its own: ``conn.close()`` and the end of a sentence have them too."""
_BINDS = (
    rb"^[ \t>.]{0,40}(?:"
    rb"(?:from|import)\b[^\n]*\b%(name)s\b"
    rb"|(?:class|(?:async[ \t]+)?def)[ \t]+%(name)s\b"
    rb"|(?:async[ \t]+)?def\b[^\n]*[(,][ \t]*%(name)s[ \t]*[,:=)]"
    rb"|(?:for\b)?[\w \t,(]{0,99}\b%(name)s\b[\w \t,)]{0,99}(?:=(?!=)|\bin\b)"
    rb")"
)
_BOUND = {name: re.compile(_BINDS % {b"name": name}, re.MULTILINE) for name in (b"nn", b"F")}
"""Gives one of them another meaning, where nothing names torch."""
_ABOUT_LOSS = (
    b"loss", b"Loss", b"backward", b"oftmax", b"igmoid", b"riterion", b"entropy", b"zero_grad",
    b"kl_div", b"log(", b".step(",
)  # fmt: skip


def worth_analysing(content: bytes) -> bool:
    """Whether a file can have anything to do with a loss or a training loop."""
    return _has(content, _ABOUT_LOSS) and (
        _has(content, _TORCH) or (_has(content, _ALIASES) and _is_snippet(content))
    )


def _is_snippet(content: bytes) -> bool:
    """Whether a file uses a short name for a part of torch, and does not say what it means."""
    names = set(_ALIAS.findall(content))
    return any(_BOUND[name].search(content) is None for name in names)


def _has(content: bytes, tokens: Iterable[bytes]) -> bool:
    return any(token in content for token in tokens)


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
    if not any(_has(source.content, _LIBRARIES) for source in sources):
        return [source.path for source in sources if source.path in chosen]
    waiting = [source for source in sources if source.path not in chosen]
    leads = [
        _Lead(module_name(source.path).encode("utf-8", "replace"))
        for source in sources
        if source.path in chosen and _has(source.content, _TORCH)
    ]
    for _ in range(MAX_HOPS):
        found = {}
        for source in waiting:
            way = _way_to(leads, source)
            if way is not None:
                found[source.path] = way
        if not found:
            break
        chosen.update(found)
        leads = list(found.values())
        waiting = [source for source in waiting if source.path not in chosen]
    return [source.path for source in sources if source.path in chosen]


@dataclass(frozen=True, slots=True)
class _Lead:
    """A file that leads to a loss, for those that import it."""

    module: bytes
    """The last part of the name under which it is imported."""
    names: frozenset[bytes] = frozenset()
    """What has to be named besides. A package gives on what it imports, and much else."""


def _way_to(leads: Sequence[_Lead], source: Source) -> _Lead | None:
    """The file as a lead, if it imports one."""
    imported = _imported(source)
    found = [
        lead
        for lead in leads
        if lead.module in imported
        and (not lead.names or any(name in source.content for name in lead.names))
    ]
    if not found:
        return None
    module = module_name(source.path).encode("utf-8", "replace")
    if source.path.name != "__init__.py":
        return _Lead(module)
    names: set[bytes] = set()
    modules = {lead.module for lead in found}
    for text in imports_of(source.content):
        names.update(_names_from(text, modules))
    return _Lead(module) if b"*" in names else _Lead(module, frozenset(names))


def _names_from(text: bytes, modules: Set[bytes]) -> Iterator[bytes]:
    """What an import of one of some modules gives names to; a star for everything."""
    where, given, what = text.partition(b"import")
    if given and not modules.isdisjoint(_WORD.findall(where)[-1:]):
        yield from _WORD.findall(what) or (b"*",)
    else:
        yield from (word for word in _WORD.findall(text) if word in modules)


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
