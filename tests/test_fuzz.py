"""Programs that nobody would write: the analysis ends, raises nothing, and says the same again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from keyword import iskeyword
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from losslint.analysis.session import analyse
from losslint.engine import Job, lint
from losslint.finding import Report
from losslint.rule import installed_rules
from losslint.selection import FileIgnores, choose
from losslint.source import Source
from losslint.testing import cases

FIXTURES = Path(__file__).parent.parent / "fixtures"
HERE = Path("/nowhere")
RULES = installed_rules()
JOB = Job(
    top=HERE,
    rules=RULES,
    enabled=choose(RULES, []),
    file_ignores=FileIgnores(HERE),
)


def bounded(examples: int) -> settings:
    return settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


def survives(text: str) -> None:
    """Analyses a text twice, with nothing caught, and lints it."""
    sources = [Source(HERE / "fuzzed.py", text.encode("utf-8", "surrogatepass"))]
    analysis = analyse(sources, top=HERE, strict=True)
    assert not [failure for failure in analysis.failures if failure.kind == "crash"]
    assert said(lint(sources, JOB)) == said(lint(sources, JOB))


def said(report: Report) -> object:
    return report.findings, report.coverage, report.problems


# -- mutated fixtures -------------------------------------------------------------------------

TEXTS = [
    Source.read(file).decode()
    for case in cases(FIXTURES)
    for file in case.files
    if file.stat().st_size < 4_000
]
TOKEN = re.compile(r"\w+|[^\w\s]+|\n[ \t]*|[ \t]+")
MARKS = [*"( ) [ ] { } : , = == . * ** + - / @ -> := # \\ ' \"".split(), "\n", "\n    ", " "]
WORDS = [
    *"0 1 -1 0.5 None True self x y loss model criterion optimizer F nn torch super() 'a'".split(),
    *"nn.Linear(1,1) nn.Sequential F.cross_entropy(x,y) nn.BCELoss() torch.log(x)".split(),
    *"x.softmax(1) x.log() loss.backward() optimizer.step() optimizer.zero_grad() x[0]".split(),
    *"(x,y) [x] {} (lambda:x) (x+y) (x/y) (x**y) (not-x) (x,) [*x] model(x) criterion(x,y)".split(),
]
KINDS = ("word",) * 6 + ("rename",) * 4 + ("drop line", "double line", "swap lines") * 2 + ("mark",)


@st.composite
def mutants(draw: st.DrawFn) -> str:
    text = draw(st.sampled_from(TEXTS))
    for _ in range(draw(st.integers(1, 5))):
        text = mutated(text, draw)
    return text


def mutated(text: str, draw: st.DrawFn) -> str:
    kind = draw(st.sampled_from(KINDS))
    parts = text.splitlines(keepends=True) if "line" in kind else TOKEN.findall(text)
    places: Sequence[int] = range(len(parts))
    if kind in ("word", "rename"):
        words = [place for place in places if parts[place].isidentifier()]
        places = [place for place in words if not iskeyword(parts[place])] or words
    if not places:
        return text
    at, other = draw(st.sampled_from(places)), draw(st.sampled_from(places))
    if kind == "drop line":
        del parts[at]
    elif kind == "double line":
        parts.insert(other, parts[at])
    elif kind == "swap lines":
        parts[at], parts[other] = parts[other], parts[at]
    elif kind == "word":
        parts[at] = draw(st.sampled_from(WORDS))
    elif kind == "mark":
        parts.insert(at, draw(st.sampled_from(MARKS)))
    else:
        return re.sub(rf"\b{parts[at]}\b", parts[other], text)
    return "".join(parts)


@bounded(200)
@given(mutants())
def test_mutated_fixtures(text: str) -> None:
    survives(text)


# -- random programs --------------------------------------------------------------------------

NAMES = st.sampled_from("a b c x y self loss model opt net f g A B F nn torch len zip".split())
CALLEES = st.sampled_from(
    "f g A B a.b self.f super().forward F.softmax F.cross_entropy F.mse_loss F.one_hot nn.Linear "
    "nn.Sequential nn.ModuleList nn.Softmax nn.CrossEntropyLoss nn.BCELoss nn.MSELoss "
    "torch.cat torch.where torch.sigmoid torch.optim.SGD torch.no_grad torch.log model opt.step "
    "loss.backward "
    "opt.zero_grad x.sum x.view x.softmax x.clamp x.item x.append x.items x.detach zip enumerate "
    "range len list dict tuple sum max getattr setattr isinstance map sorted super print "
    "functools.partial copy.deepcopy torch.autograd.grad nn.DataParallel nn.Module".split()
)
ATOMS = st.one_of(
    NAMES,
    st.sampled_from("0 1 -1 2.5 1e-8 None True False 'a' \"mean\" f'{x}' ... () [] {}".split()),
)


def joined(parts: list[str]) -> str:
    return ", ".join(parts)


def wider(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    several = st.lists(inner, max_size=3)
    operators = st.sampled_from("+ - * / ** @ // % < == in is and or | & <<".split())
    return st.one_of(
        st.builds("{}({})".format, CALLEES, several.map(joined)),
        st.builds("{}({}, dim={})".format, CALLEES, inner, inner),
        st.builds("{}(*{}, **{})".format, CALLEES, inner, inner),
        st.builds("({} {} {})".format, inner, operators, inner),
        st.builds("{}.{}".format, NAMES, NAMES),
        st.builds("({})({})".format, inner, inner),
        st.builds("({})[{}]".format, inner, inner),
        st.builds("({})[{}:, ...]".format, inner, inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("(lambda {}, b={}: {})".format, NAMES, inner, inner),
        st.builds("[{} for {} in {} if {}]".format, inner, NAMES, inner, inner),
        st.builds("{{{}: {} for {} in {}}}".format, inner, inner, NAMES, inner),
        st.builds("({} := {})".format, st.sampled_from("abxy"), inner),
        st.builds("-({})".format, inner),
        several.map(lambda parts: "[" + joined(parts) + "]"),
        several.map(lambda parts: "(" + "".join(part + ", " for part in parts) + ")"),
        st.lists(st.builds("{}: {}".format, inner, inner), max_size=2).map(
            lambda parts: "{" + joined(parts) + "}"
        ),
    )


EXPRESSIONS = st.recursive(ATOMS, wider, max_leaves=8)
TARGETS = st.sampled_from(
    "a b x y loss model opt self.a self.b a.b a[0] x,y a,*b (a,(b,x))".split()
)
SIMPLE = st.one_of(
    EXPRESSIONS,
    st.builds("{} = {}".format, TARGETS, EXPRESSIONS),
    st.builds("loss {}= {}".format, st.sampled_from("+-*/"), EXPRESSIONS),
    st.builds("return {}".format, EXPRESSIONS),
    st.builds("yield {}".format, EXPRESSIONS),
    st.builds("assert {}".format, EXPRESSIONS),
    st.builds("del {}".format, st.sampled_from(["a", "a.b", "a[0]", "self.a"])),
    st.sampled_from("pass|break|continue|raise|global a, loss|import fuzzed as a|loss.backward()|"
                    "opt.step()|opt.zero_grad()|from fuzzed import *".split("|")),
)  # fmt: skip
HEADS = st.one_of(
    st.builds("if {}:".format, EXPRESSIONS),
    st.builds("while {}:".format, EXPRESSIONS),
    st.builds("for {} in {}:".format, TARGETS, EXPRESSIONS),
    st.builds("with {} as {}:".format, EXPRESSIONS, TARGETS),
    st.builds("def {}(self, x={}, *a, **b):".format, NAMES, EXPRESSIONS),
    st.builds("match {}:\n case A(x=a) | {{'k': a}} | [a, *_]:".format, EXPRESSIONS),
    st.builds("try:\n  {}\nexcept E as a:".format, EXPRESSIONS),
    st.builds("for {} in {}:\n  break\nelse:".format, TARGETS, EXPRESSIONS),
    st.sampled_from(
        "class A(B):|class B(A):|class A(nn.Module):|class B(nn.Module):|def forward(self, x):|"
        "def __init__(self, a, b=None):|@property\ndef f(self):|@torch.no_grad()\ndef g(x):|"
        "def loss(x, y):|def training_step(self, x, y):|if __name__ == '__main__':|"
        "try:\n  raise\nfinally:".split("|")
    ),
)
LINES = st.tuples(st.integers(0, 3), st.one_of(SIMPLE, SIMPLE, HEADS))


def program(lines: list[tuple[int, str]]) -> str:
    """Lines put at the depths they ask for, as far as the line before allows."""
    made = [
        "import torch, functools, copy",
        "from torch import nn",
        "import torch.nn.functional as F",
    ]
    depth, opens = 0, False
    for wish, line in lines:
        depth = depth + 1 if opens else min(wish, depth)
        made.extend("  " * depth + part for part in line.split("\n"))
        opens = line.endswith(":") and not line.endswith("lambda:")
        depth += opens and line.startswith("match")
    made.extend(["  " * (depth + 1) + "pass"] * opens)
    return "\n".join(made) + "\n"


@bounded(250)
@given(st.lists(LINES, min_size=3, max_size=25).map(program))
def test_random_programs(text: str) -> None:
    survives(text)


@pytest.mark.parametrize("text", ["", "\0", "loss.backward(" * 3, "\ufeff\ufeff", "torch.loss\\"])
def test_scraps(text: str) -> None:
    survives(text)
