"""Jupyter notebooks: the code in their cells, joined to one text."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from losslint.magics import as_python, blank
from losslint.source import DecodeError, lines_of

if TYPE_CHECKING:
    from pathlib import Path

    from losslint.finding import Problem

_INDENTED = re.compile(r"(?:[ \t\f]*(?:#[^\n]*)?\n)*[ \t]+[^\s#]")
_BLOCK = "if True:\n"
"""What makes a cell valid whose lines are all indented, as IPython takes them."""
_END = "\npass\n"
"""Ends a cell: a comment at its end is not about what the next one begins with."""
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """A cell with Python code in it."""

    index: int
    """Its index among all cells of the notebook, from 0."""
    text: str
    """What its author sees."""
    code: str
    """What Python is to read, line by line."""
    first_line: int
    """The line of the notebook's text that is its first."""

    @property
    def lead(self) -> str:
        """What stands before the code, on a line of its own, to make it valid."""
        return _BLOCK if _INDENTED.match(self.code) else ""


class Notebook:
    """The Python code of a notebook.

    Args:
        path: where it is.
        raw: the bytes of the file.

    Raises:
        DecodeError: if they are no notebook.
    """

    def __init__(self, path: Path, raw: bytes) -> None:
        self.path = path
        document = _document(raw)
        self.language = _language(_table(document.get("metadata")))
        self.is_python = _names_python(self.language)
        self.cells = tuple(_placed(_code_cells(document))) if self.is_python else ()
        self._first_lines = [cell.first_line for cell in self.cells]

    @cached_property
    def content(self) -> bytes:
        """The bytes of the code in all cells."""
        return "".join(cell.lead + cell.code + _END for cell in self.cells).encode("utf-8")

    @cached_property
    def text(self) -> str:
        """The code that Python can read; other cells are left blank."""
        codes = ((cell, cell.lead + cell.code) for cell in self.cells)
        return "".join(
            (blank(code) if cell in self._refused else code) + _END for cell, code in codes
        )

    @property
    def problems(self) -> list[Problem]:
        """What is wrong with the cells that cannot be read."""
        return list(self._refused.values())

    @cached_property
    def _refused(self) -> Mapping[Cell, Problem]:
        from losslint.broken_cells import problem_of

        problems = {cell: problem_of(cell, self.path) for cell in self.cells}
        return {cell: problem for cell, problem in problems.items() if problem is not None}

    def cell_at(self, line: int) -> Cell | None:
        """The cell that a line of the text belongs to; None if there is no code at all."""
        return self.cells[max(0, bisect_right(self._first_lines, line) - 1)] if self.cells else None


def _placed(cells: Iterator[tuple[int, str]]) -> Iterator[Cell]:
    line = 1
    for index, text in cells:
        cell = Cell(index, text, as_python(text), line)
        if cell.lead:
            cell = replace(cell, first_line=line + 1)
        yield cell
        line = cell.first_line + text.count("\n") + 2


def _document(raw: bytes) -> Mapping[str, Any]:
    if not raw.strip():
        return {"cells": []}
    try:
        document = json.loads(raw)
    except json.JSONDecodeError as problem:
        raise DecodeError(
            f"not a notebook: its JSON is broken: {problem.msg}", problem.lineno, problem.colno
        ) from None
    except (ValueError, RecursionError) as problem:
        raise DecodeError(f"not a notebook: its JSON cannot be read: {problem}", 1, 1) from None
    if not isinstance(document, dict) or _cells(document) is None:
        raise DecodeError("not a notebook: there is no list of cells in it", 1, 1)
    return document


def _cells(document: Mapping[str, Any]) -> list[Any] | None:
    """All cells; before version 4 of the format they lay in worksheets."""
    cells = document.get("cells")
    if cells is None and isinstance(document.get("worksheets"), list):
        sheets = [_table(sheet).get("cells") for sheet in document["worksheets"]]
        cells = [cell for sheet in sheets if isinstance(sheet, list) for cell in sheet]
    return cells if isinstance(cells, list) else None


def _code_cells(document: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    """The text of each cell of Python code, with the index of the cell."""
    for index, cell in enumerate(map(_table, _cells(document) or ())):
        language = _table(_table(cell.get("metadata")).get("vscode")).get("languageId")
        spoken = _first_word(language, cell.get("language"))
        if cell.get("cell_type", "code") == "code" and _names_python(spoken):
            text = cell.get("source", cell.get("input"))
            lines = text if isinstance(text, list) else [text]
            joined = "".join(line for line in lines if isinstance(line, str))
            yield index, _LONE_SURROGATE.sub("\ufffd", "\n".join(lines_of(joined)))


def _language(metadata: Mapping[str, Any]) -> str:
    info, kernel = _table(metadata.get("language_info")), _table(metadata.get("kernelspec"))
    return _first_word(info.get("name"), kernel.get("language"), metadata.get("language"))


def _first_word(*values: object) -> str:
    return next((value for value in values if isinstance(value, str) and value), "")


def _names_python(language: str) -> bool:
    """Whether a language is Python, which it is where nothing is said."""
    return not language or language.lower().startswith(("python", "ipython"))


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
