"""Broken bytes, files and folders: each costs its own file at most."""

import os
from pathlib import Path

import pytest

from tests.hostile import FAULT, codes, lint

# -- bytes and files --------------------------------------------------------------------------

_FAULT_AFTER = {
    "a byte order mark": b"\xef\xbb\xbf" + FAULT,
    "carriage returns and line feeds": FAULT.replace(b"\n", b"\r\n"),
    "lone carriage returns": b"# comment\r" + FAULT.replace(b"\n", b"\r"),
    "mixed line ends": b"a = 1\r\nb = 2\rc = 3\n" + FAULT,
    "form feeds": b"\x0c\n" + FAULT.replace(b"\nloss", b"\n\x0closs") + b"\x0c",
    "latin-1 with a cookie": b"# -*- coding: latin-1 -*-\nname = '\xe9'\n" + FAULT,
    "a cookie on the second line": b"#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\n" + FAULT,
    "no line end": FAULT.rstrip(b"\n"),
    "names in other scripts": "变量 = π = 1\n".encode() + FAULT,
    "line separators that are none": "s = 'a\u2028b\u2029c\x1d'\n".encode() + FAULT,
    "backslashes": b"a = 1 + \\\n  2\nif a: \\\n  pass\n" + FAULT,
    "tabs and spaces": b"if a:\n\tb = 1\nif c:\n        d = 1\n" + FAULT,
    "octal escapes and bytes": rb"""a = '\377\N{BULLET}\ud800'; b = b'\xff'; c = '\d'
"""
    + FAULT,
    "type parameters": b"type X[T, *Ts, **P] = list[T]\ndef f[T: int](x: T) -> T: ...\n"
    b"class A[T = int]: ...\n" + FAULT,
    "f-strings in f-strings": b"s = f'{f'{f\"{1}\"}'!r:>{10}}'\n" + FAULT,
    "template strings": b"s = t'{x!r:>{10}} {y}'\n" + FAULT,
    "except without parentheses": b"try:\n    a\nexcept ValueError, TypeError:\n    b\n" + FAULT,
    "groups of exceptions": b"try:\n    a\nexcept* ValueError:\n    b\n" + FAULT,
    "patterns": b"match a:\n    case A(x=[1, *_], y={'k': v, **r}) | B() as c if v: pass\n" + FAULT,
}

_NOT_PYTHON = {
    "a bracket left open": b"loss.backward(\n",
    "Python 2": b"import torch\nprint 'loss', loss.backward()\nexec 'a'\n",
    "a null byte": b"import torch\nloss = '\0'; \0\nloss.backward()\n",
    "latin-1 without a cookie": b"import torch\nloss = '\xe9'\n",
    "an unknown encoding": b"# coding: klingon\nloss.backward()\n",
    "an encoding that is no text": b"# coding: hex\nloss.backward()\n",
    "a merge conflict": b"import torch\n<<<<<<< ours\nloss.backward()\n=======\n>>>>>>> theirs\n",
    "a picture": b"\x89PNG\r\n\x1a\n torch loss backward( \xff\xd8\x00\x01",
    "a hundred and one levels": b"import torch\nloss = 1\n"
    + b"".join(b" " * level + b"if a:\n" for level in range(101))
    + b" " * 101
    + b"loss.backward()\n",
}


@pytest.mark.parametrize("what", _FAULT_AFTER)
def test_the_fault_is_found_after(
    project: Path, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    (project / "hostile.py").write_bytes(_FAULT_AFTER[what])
    assert codes(lint(capsys)) == ["LOS104"]


@pytest.mark.parametrize("what", _NOT_PYTHON)
def test_what_is_no_python_is_named(
    project: Path, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    (project / "hostile.py").write_bytes(_NOT_PYTHON[what])
    assert codes(lint(capsys)) == ["LOS001"]


@pytest.mark.parametrize("content", [b"", b"\n", b"\r", b"\x0c", b"\xef\xbb\xbf", b"\\\n", b"#"])
def test_next_to_nothing(project: Path, capsys: pytest.CaptureFixture[str], content: bytes) -> None:
    (project / "hostile.py").write_bytes(content)
    assert codes(lint(capsys)) == []


def test_folders_links_and_what_cannot_be_read(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "folder.py").mkdir()
    (project / "folder.py" / "inner.py").write_bytes(FAULT)
    (project / "to_nowhere.py").symlink_to("nothing.py")
    (project / "to_itself.py").symlink_to("to_itself.py")
    (project / "up").symlink_to("..")
    (project / "again").symlink_to(".")
    (project / "pipe.txt").write_bytes(b"")
    os.mkfifo(project / "pipe.py")
    (project / "importer.py").write_bytes(b"import folder, pipe, to_itself, up.project\n" + FAULT)
    document = lint(capsys)
    paths = {finding["path"] for finding in document["findings"]}
    assert paths == {"healthy.py", "importer.py", "folder.py/inner.py"}


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything"
)
def test_a_file_that_may_not_be_read(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "hostile.py").write_bytes(FAULT)
    (project / "hostile.py").chmod(0)
    assert codes(lint(capsys)) == ["LOS004"]
