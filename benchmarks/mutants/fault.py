"""Makes a mutant out of a program and what is changed in one of its files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

import libcst as cst

from benchmarks.mutants.program import Mutant, Program
from benchmarks.mutants.tree import Change, Tree, importing, parsed

_N = TypeVar("_N", bound=cst.CSTNode)


def trees(program: Program) -> Iterator[tuple[str, Tree]]:
    """The files of a program, parsed."""
    for file, text in program.files.items():
        yield file, parsed(text)


def fault(
    program: Program,
    operator: str,
    file: str,
    at: cst.CSTNode,
    changes: Mapping[_N, Change],
    *codes: str,
    imports: str | None = None,
) -> Mutant:
    """A program with one of its files changed.

    Args:
        program: the program as it was.
        operator: what was done to it.
        file: the path of the file.
        at: the node that says on which line the fault is.
        changes: what the nodes of the file become.
        codes: the rules that say what is wrong now.
        imports: an import statement that the changed file needs.
    """
    tree = parsed(program.files[file])
    text = tree.changed(changes)
    return Mutant(
        program=program,
        operator=operator,
        file=file,
        line=tree.line(at),
        files={**program.files, file: text if imports is None else importing(text, imports)},
        codes=frozenset(codes),
    )
