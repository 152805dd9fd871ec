"""Enormous and deep files: each costs its own file at most."""

import subprocess
import sys
from pathlib import Path

import libcst as cst
import pytest

from losslint.analysis.reading.limits import excess
from losslint.deep_stack import on_a_deep_stack
from tests.hostile import FAULT, TORCH, codes, lint

# -- length and depth -------------------------------------------------------------------------


def nested(start: str, end: str, depth: int) -> str:
    return "loss = " + start * depth + "x" + end * depth


_TOO_MUCH = {
    "parentheses": nested("(", ")", 1500),
    "lists": nested("[", "]", 1500),
    "calls": nested("f(", ")", 1500),
    "brackets never closed": "loss = " + "(" * 5000,
    "brackets behind a comment's carriage return": "# (\rloss = " + "(" * 1500 + ")" * 1500,
    "lambdas": nested("lambda: ", "", 5000),
    "lambdas as defaults": nested("lambda a, b=", ": 1", 1500),
    "conditions": nested("1 if a else ", "", 2000),
    "negations": nested("not ", "", 5000),
    "signs": nested("-", "", 20_000),
    "sum": "loss = " + "a + " * 5000 + "a",
    "sum over lines": "loss = (" + "a\n+ " * 5000 + "a)",
    "sum over continued lines": "loss = " + "a + \\\n" * 5000 + "a",
    "attributes": "loss = a" + ".b" * 5000,
    "attributes with white space": "loss = (a" + "\n . b" * 5000 + ")",
    "method calls": "loss = a" + ".b()" * 5000,
    "subscripts": "loss = a" + "[0]" * 5000,
    "subscripts with white space": "loss = a" + " [0]" * 5000,
    "calls of calls": "loss = a" + "()" * 5000,
    "strings in a row": "loss = (" + "'a'\n" * 5000 + ")",
    "f-strings in a row": "loss = (" + "f'{a}' " * 5000 + ")",
    "brackets in an f-string": "loss = f'''{" + "(" * 1500 + "1" + ")" * 1500 + "}'''",
    "sum in an f-string": "loss = f'it's {" + "a+" * 5000 + "a}'",
    "f-strings in f-strings": "loss = " + 'f"{' * 1000 + "1" + '}"' * 1000,
    "formats in formats": "loss = f'" + "{a:" * 1000 + "}" * 1000 + "'",
    "lists in a pattern": "match a:\n    case " + "[" * 40 + "b" + "]" * 40 + ":\n        loss = 1",
    "mappings in a pattern": "match a:\n  case " + "{1: " * 20 + "b" + "}" * 20 + ":\n    loss = 1",
    "a pattern over lines": "match a:\n  case (\n"
    + "A(\n" * 30
    + "b"
    + ")" * 31
    + ":\n   loss = 1",
    "chains without number": ("loss = a" + ".b()" * 400 + "\n") * 400,
    "brackets without number": (nested("f(", ")", 190) + "\n") * 200,
}


@pytest.mark.parametrize("what", _TOO_MUCH)
def test_what_the_parser_cannot_take_is_refused(
    project: Path, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    text = TORCH + _TOO_MUCH[what] + "\nloss.backward()\n"
    (project / "hostile.py").write_bytes(text.encode())
    # It is not parsed for its comments either.
    (project / "commented.py").write_bytes(b"# losslint: ignore[LOS104]\n" + text.encode())
    document = lint(capsys)
    assert set(codes(document)) <= {"LOS001", "LOS004"}
    assert codes(document)


_MUCH_BUT_FINE = {
    "brackets": nested("(", ")", 150),
    "attributes": "loss = a" + ".b" * 900,
    "sum": "loss = " + "a + " * 900 + "a",
    "sum of calls": "loss = " + "f(a, b) + " * 600 + "a",
    "elifs": "if a == 0:\n    pass\n"
    + "".join(f"elif a == {i}:\n    b = {i}\n" for i in range(800)),
    "a table of numbers": "t = [" + ",\n".join("[1.0, -2.0e-5, +3]" for _ in range(3000)) + "]",
    "a table of strings": "t = {" + ", ".join(f"'{i}': ('a', \"b\")" for i in range(3000)) + "}",
    "a long text": "t = '''" + "(((( a.b.c + - and 'or' if it's not\n" * 5000 + "'''",
    "a long formatted text": "t = f'''" + "{{(( a.b, c - {d} + it's\n" * 3000 + "'''",
    "strings": "t = (" + "'a' f'{b}'\n" * 450 + ")",
    "lambdas": "t = {" + ", ".join(f"{i}: lambda a, b={i}: a + b" for i in range(600)) + "}",
    "alignment": "f(\n" + " " * 300 + "a)\n",
    "unbalanced strings": "t = [" + ", ".join("'(', ')', '['" for _ in range(400)) + "]",
    "comments": "# ((((((((((\n" * 3000,
    "patterns": "match a:\n"
    + "".join(f"  case A(b=[C({i}), *_], d={{'e': F(g)}}): pass\n" for i in range(300)),
    "separators": "# " + "-" * 5000 + "\nt = '" + "-" * 5000 + "'",
    "parameters": "def f(" + ", ".join(f"a{i}: int = {i}" for i in range(1500)) + "): pass",
}


@pytest.mark.parametrize("what", _MUCH_BUT_FINE)
def test_what_the_parser_can_take_is_parsed(
    project: Path, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    text = TORCH + _MUCH_BUT_FINE[what] + "\n" + FAULT.decode()
    assert excess(text) is None
    (project / "hostile.py").write_text(text)
    assert codes(lint(capsys)) == ["LOS104"]


def test_the_place_of_an_excess() -> None:
    found = excess("a = 1\r\nb = 2\rc = " + "(" * 300)
    assert found is not None
    assert (found.line, found.column) == (3, 205)
    assert "200" in found.message


def test_a_megabyte_of_generated_code(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    layers = "".join(f"        self.layer{i} = nn.Linear({i}, {i + 1})\n" for i in range(4000))
    forward = "".join(f"        x = self.layer{i}(x).relu() + {i}\n" for i in range(4000))
    table = "".join(f"TABLE_{i} = {{'name': 'n{i}', 'size': [{i}, {i}]}}\n" for i in range(4000))
    text = (
        f"{TORCH}class Net(nn.Module):\n    def __init__(self):\n{layers}\n"
        f"    def forward(self, x):\n{forward}        return x.softmax(1)\n{table}"
        "loss = nn.CrossEntropyLoss()(Net()(x), y)\nloss.backward()\n"
    )
    text += "# " + "loss " * ((1_000_000 - len(text)) // 5) + "\n"
    (project / "hostile.py").write_text(text)
    assert codes(lint(capsys)) == ["LOS104"]


@pytest.mark.skipif(sys.platform != "linux", reason="limits memory as Linux does")
def test_where_memory_is_limited_a_smaller_stack_does(project: Path) -> None:
    (project / "hostile.py").write_bytes(FAULT)
    script = (
        "import resource\n"
        "resource.setrlimit(resource.RLIMIT_AS, (400 << 20, 400 << 20))\n"
        "from losslint.cli.main import launch\n"
        "launch()\n"
    )
    command = [sys.executable, "-c", script, "-f", "concise", "-q", "hostile.py"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    assert "LOS104" in done.stdout


def test_a_deep_stack_passes_on_what_is_raised() -> None:
    def fail() -> None:
        raise KeyError("x")

    limit = sys.getrecursionlimit()
    with pytest.raises(KeyError):
        on_a_deep_stack(fail)
    assert sys.getrecursionlimit() == limit
    tree = on_a_deep_stack(lambda: cst.parse_module("x = " + "(" * 200 + "1" + ")" * 200))
    assert len(tree.body) == 1
