"""Programs without end, and such that contain themselves."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hostile import FAULT, TORCH, codes, lint

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
    "rounds that no number counts": (
        f"def f(n):\n  for i in range(n - {'9' * 5000}):\n    if i < n - {'9' * 5000}: print(i)\n"
        f"  for i in range(n{' + 1' * 900}):\n    if i < n{' + 1' * 900}: print(i)\n"
        "loss = f(x)"
    ),
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


def test_members_of_an_enumeration_whose_package_imports_all_of_itself(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    package = project / "package"
    package.mkdir()
    every = each(12, lambda i: f"from package.part{i} import Part{i}")
    member = "import enum\nclass Split(enum.Enum):\n    TRAIN, TEST = 1, 2\n"
    (package / "__init__.py").write_text(member + every)
    for i in range(12):
        (package / f"part{i}.py").write_text(
            f"from package import Split\n{every}"
            f"class Part{i}:\n    def f(self): return [Part{11 - i}, Split.TEST]\n"
        )
    (project / "hostile.py").write_text(
        f"import library\nfrom package import Split\n{TORCH}class Sets(library.Sets):\n"
        "    def both(self):\n"
        '        name = f"{str(Split.TEST)}-{Split.TRAIN}"\n'
        "        return library.join((self.splits[Split.TRAIN], name, 1))\n"
        "    def chosen(self, split):\n"
        "        made = 2\n"
        "        if split == Split.TRAIN: made = 1\n"
        "        elif split == Split.TEST: made = 1\n"
        "        return library.join(made)\n"
        f"loss = F.mse_loss(Sets().both(), y)\n{FAULT.decode()}"
    )
    assert codes(lint(capsys)) == ["LOS104"]


def test_thousands_of_imports(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = "".join(f"from package{i} import a{i} as b{i}\n" for i in range(2000))
    (project / "hostile.py").write_bytes(lines.encode() + FAULT)
    assert codes(lint(capsys)) == ["LOS104"]
