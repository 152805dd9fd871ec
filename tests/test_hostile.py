"""Inputs that are broken, enormous, deep or endless: each costs its own file at most."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import libcst as cst
import pytest

from losslint.analysis.limits import excess
from losslint.cli.main import main
from losslint.deep_stack import on_a_deep_stack

FAULT = b"import torch.nn.functional as F\nloss = F.cross_entropy(F.softmax(x, 1), y)\n"
TORCH = "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n"
SECONDS = 30.0
"""Of processor time for one hostile file; most take a hundredth of it."""


def lint(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Lints the current folder, in which ``healthy.py`` has a fault that must be found."""
    Path("healthy.py").write_bytes(FAULT)
    begin = time.process_time()
    code = main(["-f", "json", "."])
    spent = time.process_time() - begin
    captured = capsys.readouterr()
    assert code == 1, captured.err
    assert "Traceback" not in captured.err
    assert spent < SECONDS
    document: dict[str, Any] = json.loads(captured.out)
    healthy = [one for one in document["findings"] if one["path"] == "healthy.py"]
    assert [one["code"] for one in healthy] == ["LOS104"]
    assert not any("could not be analysed" in one["message"] for one in document["errors"])
    return document


def codes(document: dict[str, Any], name: str = "hostile.py") -> list[str]:
    return [one["code"] for one in document["findings"] if one["path"] == name]


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


# -- programs without end ---------------------------------------------------------------------


def repeat(line: str, times: int = 60) -> str:
    return f"{line}\n" * times


def each(times: int, line: Callable[[int], str]) -> str:
    return "\n".join(map(line, range(times))) + "\n"


_ENDLESS = {
    "functions that call each other": """
def f(x): return g(x) + 1
def g(x): return f(x) * 2
loss = f(x)
""",
    "functions that all call all": each(
        20, lambda i: f"def f{i}(x): return " + " + ".join(f"f{j}(x)" for j in range(20))
    )
    + "loss = f0(x)",
    "methods that all call all and write": "class A:\n"
    + each(
        20,
        lambda i: (
            f"  def f{i}(self, x):\n    self.a{i} = self.b = x\n    return "
            + " + ".join(f"self.f{j}(x + {i})" for j in range(20))
        ),
    )
    + "loss = A().f0(x)",
    "calls that double": "def f0(x): return x\n"
    + each(60, lambda i: f"def f{i + 1}(x): return f{i}(x + {i}) + f{i}(x * {i})")
    + "loss = f60(x)",
    "a class that inherits from itself": """
class A(A):
    def forward(self, x): return super().forward(x)
loss = A()(x)
""",
    "classes that inherit from each other": """
class A(nn.Module): pass
class B(A): pass
class A(B):
    def forward(self, x): return super().forward(x)
A.__bases__ = (B,)
B.__bases__ = (A,)
loss = A()(x) + A().nothing
""",
    "a diamond of diamonds": "class C0(nn.Module): pass\n"
    + each(
        40,
        lambda i: (
            f"class A{i}(C{i}): pass\nclass B{i}(C{i}): pass\nclass C{i + 1}(A{i}, B{i}): pass"
        ),
    )
    + "loss = C40()(x) + C40().nothing",
    "magic methods that call themselves": """
class A(nn.Module):
    def __getattr__(self, name): return getattr(self, name)
    def __getitem__(self, i): return self[i]
    def __call__(self, x): return self(x)
    def __iter__(self): return iter(self)
    def __add__(self, other): return self + other
    def __new__(cls, *a): return A(*a)
    def __enter__(self): return self.__enter__()
    @property
    def p(self): return self.p
a = A()
with a as b:
    loss = a(x) + a.p + a[0] + a.q
for c in a: loss = loss + c
""",
    "a metaclass": """
class M(type):
    def __call__(cls, *a): return cls(*a)
    def __getattr__(cls, name): return getattr(cls, name)
class A(nn.Module, metaclass=M):
    def forward(self, x): return self(x)
loss = A()(x) + A.nothing
""",
    "constructors that build each other": """
class A(nn.Module):
    def __init__(self, n): self.a, self.b = A(n - 1), B(self)
    def forward(self, x): return self.a(self.b(x))
class B(nn.Module):
    def __init__(self, a): self.a = A(a)
    def forward(self, x): return self.a(x) + self.a.b(x)
loss = A(3)(x)
""",
    "decorators that return themselves": """
def d(f): return d
@d
@d
def g(x): return g(x)
def e(f): return f(f)
@e
def h(x): return e(h)
loss = g(g)(g) + e(e) + h
""",
    "fixed points": """
Y = lambda f: (lambda x: f(lambda v: x(x)(v)))(lambda x: f(lambda v: x(x)(v)))
loss = Y(lambda f: lambda n: n and f(n - 1))(x) + (lambda x: x(x))(lambda x: x(x))
""",
    "closures that grow": "def twice(f):\n  def g(x): return f(f(x))\n  return g\nf = F.relu\n"
    + repeat("f = twice(f)")
    + "while c: f = twice(f)\nloss = f(x)",
    "partials of partials": "import functools\nf = F.relu\n"
    + repeat("f = functools.partial(f, f, k=f)")
    + "loss = f(x)",
    "loops without end": """
while True:
    while 1:
        while x: x = x + 1
    loss = x
""",
    "lists that hold themselves": """
a = []
a.append(a)
a.extend(a)
b = {}
b['b'] = b
b.update(b)
def my_loss(): return [a, b, (a, b)]
loss = sum(my_loss()) + a[0][0][0]
for c in a:
    for d in c: F.cross_entropy(d, c)
optimizer = torch.optim.SGD(a)
""",
    "tuples in tuples": "a = (x,)\n"
    + repeat("a = (a, a)")
    + "loss = F.mse_loss(a, a)\nb = {a: a}\nc = a == a",
    "zips of zips": "a = [x, y]\n" + repeat("a = list(zip(a, a))") + "loss = F.mse_loss(a, a)",
    "lists that double": "a = [x]\n" + repeat("a = a + a") + "a *= 10 ** 9\nloss = sum(a)",
    "lists in lists": "a = []\n"
    + repeat("a = [a, a]")
    + "def my_loss(): return a\nloss = sum(my_loss())\noptimizer = torch.optim.SGD(a)",
    "named tuples": "from collections import namedtuple\nN = namedtuple('N', 'a b')\na = x\n"
    + repeat("a = N(a, a)")
    + "loss = F.mse_loss(a, a)",
    "modules in modules": "m = nn.Linear(1, 1)\n"
    + repeat("m = nn.Sequential(m)", 90)
    + "loss = F.mse_loss(m(x), y)",
    "strings that double": "s = 'a'\n"
    + repeat("s = s + s")
    + repeat("s = f'{s}{s}'")
    + "s = 'a' * 10 ** 12\nloss = x",
    "numbers that explode": "a = 9\n"
    + repeat("a = a * a")
    + "b = 10 ** 10 ** 10\nc = 1 << 10 ** 12\nd = 9 ** 9 ** 9 ** 9\ne = f'{a}'\n"
    "g = '%1000000000d' % 1\nfor h in range(10 ** 30): pass\nloss = x / a / 1e400",
    "numbers of six thousand digits": f"a = {'9' * 6000}\nb = 0x{'f' * 6000}\nc = f'{{b}}'\n"
    "d = 'a' + b\nloss = x / b",
    "arithmetic that fails": "a = 1 / 0\nb = 1 % 0\nc = 0 ** -1\nd = 1 // 0.0\ne = -'a'\n"
    "f = 1e400 % 1\ng = 'a' < 1\nh = 'abc'[::0]\ni = (1, 2)['a']\nj = [1][10 ** 100]\n"
    "k = [][{}]\nl = {}[[]]\nm = int('a')\nn = len(5)\no = max()\np = '%d' % 'a'\nloss = x / a",
    "conditions that grow": "def f(a, b):\n"
    + repeat("  a, b = a and b, b or a")
    + repeat("  a = a and a")
    + "  if a: b = 1\n  return b\nloss = f(p, q)",
    "a thousand conditions": each(1000, lambda i: f"if c{i}: x = F.softmax(x, 1)") + "loss = x",
    "a thousand ways out": "def f(x):\n"
    + each(1000, lambda i: f"  if c{i}: return x + {i}")
    + "loss = f(x)",
    "a thousand elifs": "if a == 0: x = 1\n"
    + each(1000, lambda i: f"elif a == {i}: x = {i}")
    + "loss = x",
    "ninety loops in loops": each(90, lambda i: " " * i + f"for a{i} in y:")
    + " " * 90
    + "loss = x",
    "twelve short loops in loops": each(
        12, lambda i: " " * i + f"for a{i} in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12):"
    )
    + " " * 12
    + "loss = x",
    "comprehensions in comprehensions": "loss = sum("
    + "[" * 30
    + "x"
    + " for i in (1, 2, 3)]" * 30
    + ")",
    "loops in a comprehension": "loss = sum([x "
    + "".join(f"for i{i} in (1, 2, 3, 4, 5) " for i in range(20))
    + "])",
    "a function of five thousand lines": "def f(x):\n"
    + each(5000, lambda i: f"  v{i + 1} = F.relu(v{i} + x)")
    + "  return v5000\nloss = f(x)",
    "a thousand steps in a loop": "for x in y:\n"
    + each(1000, lambda i: f"  loss = F.mse_loss(x, y)\n  loss.backward()\n  opt{i}.step()"),
    "two thousand functions": each(2000, lambda i: f"def f{i}(x): return F.softmax(x, 1)")
    + "loss = f1(x)",
    "five thousand modules in a dict": "d = {"
    + ", ".join(f"'k{i}': nn.Linear({i}, 1)" for i in range(5000))
    + "}\nloss = d[k](x)",
    "generators of themselves": "def g(n):\n  yield from g(n)\n  yield g(n)\n"
    "for a in g(1):\n  for b in a: loss = F.mse_loss(a, b)",
    "arguments that grow": "def f(*a, **k): return f(*a, *a, **k)\ndef g(*a): return g(a)\n"
    "def h(x): return h([x])\nloss = f(1, b=2) + g(1) + h(x)",
    "global names that change": """
def f():
    global f, F
    f = f()
    del F
    return f
loss = f()
""",
    "calls that make no sense": "nn.Linear()(x)\nnn.Linear('a', [])(x)\nF.softmax()\n"
    "F.cross_entropy()\nnn.Sequential(*1)(x)\nnn.CrossEntropyLoss('a', b=1)(1)\ntorch.cat(1)\n"
    "torch.optim.SGD().step(1, 2)\nx.view('a').sum(dim=())[..., None, 'a']\ntorch.cat([])\n"
    "nn.ModuleList(5)\nnn.ModuleDict(5)\nnext()\nsuper()\ntype(1, 2, 3)\nzip(1)\nenumerate()\n"
    "getattr()\nsetattr(x, 1, 2)\nisinstance()\nsorted([1, 'a'])\ndict(1, 2)\nloss = f(*1, **2)",
}


@pytest.mark.parametrize("what", _ENDLESS)
def test_the_analysis_ends(project: Path, capsys: pytest.CaptureFixture[str], what: str) -> None:
    (project / "hostile.py").write_text(
        f"{TORCH}{_ENDLESS[what]}\nloss.backward()\n{FAULT.decode()}"
    )
    found = codes(lint(capsys))
    # what cannot be told apart may hide a fault, but nothing here is out of bounds
    assert "LOS004" not in found
    assert "LOS001" not in found


def test_a_module_that_contains_itself_is_named(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f"{TORCH}m = nn.Sequential()\nm.append(m)\nloss = F.mse_loss(m(x), y)\n"
    (project / "hostile.py").write_text(text)
    assert codes(lint(capsys)) == ["LOS004"]


def test_import_cycles(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "hostile.py").write_text(
        "import hostile\nfrom hostile import *\nfrom hostile import model as loss\n"
        "import other\nfrom other import net\nfrom . import hostile as again\n"
        f"{TORCH}loss = F.cross_entropy(net(x), hostile.other.again.y)\n"
    )
    (project / "other.py").write_text(
        f"from hostile import *\nimport hostile as again\n{TORCH}net = nn.Softmax(dim=1)\n"
        "from other import net as net\n"
    )
    assert codes(lint(capsys)) == ["LOS104"]


def test_thousands_of_imports(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = "".join(f"from package{i} import a{i} as b{i}\n" for i in range(2000))
    (project / "hostile.py").write_bytes(lines.encode() + FAULT)
    assert codes(lint(capsys)) == ["LOS104"]
