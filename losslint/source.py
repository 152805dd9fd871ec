"""One source file: its bytes, and the text in them."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from losslint.notebook import Notebook

NOTEBOOK = ".ipynb"
"""How the names of notebooks end."""
ENDINGS = (".py", NOTEBOOK)
"""How the names of files with Python code end."""
_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_BLANK = re.compile(rb"^[ \t\f]*(?:#.*)?$")
_LINE_END = re.compile(r"\r\n|\r|\n")


class DecodeError(Exception):
    """A file whose bytes are not the text that they claim to be."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column


@dataclass(frozen=True, slots=True)
class Source:
    """A file to lint: where it is, and what is in it."""

    path: Path
    content: bytes
    """Its bytes; of a notebook those of the code in its cells."""
    notebook: Notebook | None = field(default=None, compare=False)
    refused: DecodeError | None = field(default=None, compare=False)
    """Why it is no notebook, though it is called one."""
    given: bytes | None = field(default=None, compare=False)
    """What came on standard input, to be given back: outputs are too large to keep them all."""

    @classmethod
    def read(cls, path: Path) -> Source:
        """The file at ``path``.

        Raises:
            OSError: if it cannot be read.
        """
        return cls.of(path, path.read_bytes())

    @classmethod
    def of(cls, path: Path, raw: bytes) -> Source:
        """The file at ``path`` with these bytes in it."""
        if path.suffix != NOTEBOOK:
            return cls(path, raw)
        from losslint.notebook import Notebook

        try:
            notebook = Notebook(path, raw)
        except DecodeError as problem:
            return cls(path, raw, refused=problem)
        return cls(path, notebook.content, notebook)

    @property
    def is_python(self) -> bool:
        """Whether it is in Python as far as it says."""
        return self.notebook is None or self.notebook.is_python

    def with_text(self, text: str) -> Source:
        """The same file with other text, in its own encoding and with its byte order mark.

        Raises:
            UnicodeEncodeError: if its encoding lacks a character of the text.
        """
        if self.content.startswith(codecs.BOM_UTF8):
            return replace(self, content=codecs.BOM_UTF8 + text.encode("utf-8"))
        encoding, _ = declared_encoding(self.content)
        return replace(self, content=text.encode(encoding))

    def decode(self) -> str:
        """The text, without a byte order mark, with its line ends as they are.

        Raises:
            DecodeError: if the encoding is unknown or the bytes do not fit it.
        """
        if self.refused is not None:
            raise self.refused
        if self.notebook is not None:
            return self.notebook.text
        content = self.content
        encoding, line = declared_encoding(content)
        if content.startswith(codecs.BOM_UTF8):
            content = content[len(codecs.BOM_UTF8) :]
            encoding = "utf-8"
        try:
            codecs.lookup(encoding)
        except LookupError:
            raise DecodeError(f"the declared encoding {encoding!r} is unknown", line, 1) from None
        try:
            return content.decode(encoding)
        except UnicodeDecodeError as problem:
            before = content[: problem.start]
            row = before.count(b"\n") + 1
            column = problem.start - (before.rfind(b"\n") + 1) + 1
            raise DecodeError(
                f"byte 0x{content[problem.start]:02x} is not valid {encoding}: save the file as "
                "UTF-8, or name its encoding in the first line, as in `# coding: latin-1`",
                row,
                column,
            ) from None
        except (LookupError, ValueError) as problem:
            # Codecs such as "hex" exist, and turn bytes into something that is no text.
            raise DecodeError(f"{encoding!r} is no text encoding: {problem}", line, 1) from None


def declared_encoding(content: bytes) -> tuple[str, int]:
    """The encoding that a comment in the first two lines names (PEP 263), and its line."""
    for number, line in enumerate(re.split(rb"\r\n|\r|\n", content[:1024], maxsplit=2)[:2], 1):
        found = _COOKIE.match(line)
        if found:
            return found[1].decode("ascii", "replace"), number
        if not _BLANK.match(line):
            break
    return "utf-8", 1


def lines_of(text: str) -> list[str]:
    """The lines of a text as Python counts them, without their ends."""
    return _LINE_END.split(text)


def lines_with_ends(text: str) -> list[str]:
    """The lines of a text as Python counts them; all but the last end with what ends them."""
    starts = [0, *(found.end() for found in _LINE_END.finditer(text))]
    return [text[start:end] for start, end in pairwise([*starts, len(text)])]
