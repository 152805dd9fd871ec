"""Positions of wanted nodes against those that libcst's own provider works out for all."""

from pathlib import Path

import libcst as cst
import pytest
from libcst.metadata import MetadataWrapper, PositionProvider

from losslint.positions import ranges

PYTHON_FILES = sorted(Path(__file__).parent.parent.glob("losslint/*.py"))

SNIPPETS = {
    "parentheses": "x = ((a + (b)) * c)\ny = (\n    (d)\n    .e\n)\n",
    "crlf": 'def f():\r\n    """a\r\n    b"""\r\n    return (1 +\r\n            2)\r\n',
    "cr": "x = 1\ry = f(\r  z)\r",
    "tabs": "if x:\n\tfor y in z:\n\t\tf(\ty,\n\t\t\tz)\n",
    "unicode": "é = 'äö\\n' + '''\n日本''' + ß  # ü\n日 = é\n",
    "form feed": "x = 1\n\x0c\ny = 2\n",
    "decorated": "@a\n@b(\n  1\n)\nclass C(D):\n  x: int = 1; y = 2\n\n  async def f(self): pass\n",
    "no final newline": "while x:\n    y()",
    "continuation": "x = a + \\\n    b\nassert x, \\\n  y\n",
    "match": "match x:\n    case [1, *y] if z:\n        f()\n    case _: pass\n",
    "try": "try:\n  a\nexcept* E as e:\n  b\nelse:\n  c\nfinally:\n  d\n",
    "f-string": "x = f\"{a!r:>{w}} {b}\" f'''{\nc}'''\n",
    "comments": "# top\n\n# more\nx = [  # one\n  1,  # two\n]\n# end\n",
    "empty": "",
    "only a comment": "# nothing",
}


def compare(text: str) -> None:
    wrapper = MetadataWrapper(cst.parse_module(text), unsafe_skip_copy=True)
    expected = wrapper.resolve(PositionProvider)
    found = ranges(wrapper.module, list(expected))
    assert found == dict(expected)
    for node in list(expected)[:: max(1, len(expected) // 40)]:
        assert ranges(wrapper.module, [node]) == {node: expected[node]}


@pytest.mark.parametrize("name", SNIPPETS)
def test_ranges_are_those_of_libcst(name: str) -> None:
    compare(SNIPPETS[name])


@pytest.mark.parametrize("file", PYTHON_FILES, ids=lambda file: file.name)
def test_ranges_of_real_code_are_those_of_libcst(file: Path) -> None:
    compare(file.read_text("utf-8"))


def test_a_node_of_another_tree_has_no_range() -> None:
    assert ranges(cst.parse_module("x = 1\n"), [cst.Name("x")]) == {}


def test_an_expression_deeper_than_python_recurses() -> None:
    tree = cst.parse_module("x = " + " + ".join(["a"] * 1000) + "\ny = 1\n")
    last = tree.body[-1]
    assert ranges(tree, [last])[last].start.line == 2


def test_no_crash_where_even_that_is_not_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("losslint.deep_stack._SIZES", (16 * 1024 * 1024,))
    tree = cst.parse_module("x = " + " + ".join(["a"] * 1000) + "\ny = 1\n")
    assert ranges(tree, [tree.body[-1]]) == {}
