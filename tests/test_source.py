"""Bytes to text."""

from pathlib import Path

import pytest

from losslint.source import DecodeError, Source, lines_of


def decode(content: bytes) -> str:
    return Source(Path("a.py"), content).decode()


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"x = 1\r\n", "x = 1\r\n"),
        ("é\n".encode(), "é\n"),
        (b"\xef\xbb\xbfx\n", "x\n"),
        (b"\xef\xbb\xbf# coding: latin-1\n'\xc3\xa9'", "# coding: latin-1\n'é'"),
        (b"# -*- coding: latin-1 -*-\n'\xe9'", "# -*- coding: latin-1 -*-\n'é'"),
        (b"#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\n'\x80'", None),
        (b"\n\n# coding: latin-1\n'\xc3\xa9'", "\n\n# coding: latin-1\n'é'"),
        (b"x = 1\n# coding: latin-1\n'\xc3\xa9'", "x = 1\n# coding: latin-1\n'é'"),
    ],
)
def test_encodings(content: bytes, text: str | None) -> None:
    assert decode(content) == (text if text is not None else content.decode("cp1252"))


@pytest.mark.parametrize(
    ("content", "place", "message"),
    [
        (b"x = 1\ny = '\xff'\n", (2, 6), "byte 0xff is not valid utf-8"),
        (b"#!python\n# coding: klingon\n", (2, 1), "'klingon' is unknown"),
        (b"# coding: hex\n", (1, 1), "'hex' is no text encoding"),
    ],
)
def test_bytes_that_are_not_what_they_claim(
    content: bytes, place: tuple[int, int], message: str
) -> None:
    with pytest.raises(DecodeError, match=message) as caught:
        decode(content)
    assert (caught.value.line, caught.value.column) == place


def test_lines_are_those_that_python_counts() -> None:
    assert lines_of("a\r\nb\rc\nd\x0ce\u2028f\n") == ["a", "b", "c", "d\x0ce\u2028f", ""]
