"""Files that test code: what they pass to it is made up for the occasion."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.reading.nodes import children

if TYPE_CHECKING:
    from collections.abc import Iterator

    from losslint.analysis.domain.syntax import SourceModule

_NAMES = re.compile(r"^test_|_test$")
"""Names of files that pytest collects; a script that measures a model may be called that, too."""


def has_unit_tests(source: SourceModule) -> bool:
    """Whether a file has functions or methods in it that a test runner calls."""
    if not _NAMES.search(source.path.stem):
        return False
    return any(one.name.value.startswith("test") for one in _functions(source.tree))


def _functions(node: cst.CSTNode) -> Iterator[cst.FunctionDef]:
    """The functions of a module and the methods of its classes."""
    for child in children(node):
        if isinstance(child, cst.FunctionDef):
            yield child
        elif isinstance(child, cst.ClassDef | cst.IndentedBlock):
            yield from _functions(child)
