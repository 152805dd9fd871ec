"""A stand-in for the analysis, and a way to run the command line in a folder.

Under ``calls_are_findings`` a call of a function named like a rule is a finding of that rule:
``LOS104(x, confidence="low")`` gives LOS104 at that call, and every name among its arguments is a
step of the trail. With ``fix="y"`` the fix puts ``y`` in the place of the call, and is safe unless
``safety="unsafe"`` says otherwise. A call of ``unknown`` is a loss call that was not understood,
and ``unknown(x)`` has lost its trail at ``x``; every other call is a loss call that was. So the
shell around the analysis is tested with findings where a test wants them.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import libcst as cst
import pytest

import losslint.analysis.session
import losslint.diagnosis
from losslint.analysis.domain.syntax import SourceModule
from losslint.analysis.domain.trail import Place, Step
from losslint.analysis.session import Unresolved
from losslint.cli.main import main
from losslint.diagnosis import Broken
from losslint.finding import Confidence, Safety
from losslint.fix import Fix, replaced
from losslint.rule import Diagnosis, Rule
from losslint.source import DecodeError, Source


@dataclass
class FakeFailure:
    path: Path
    line: int
    column: int
    kind: str
    message: str


@dataclass
class FakeAnalysis:
    events: list[tuple[SourceModule, cst.Call]]
    loss_calls: dict[Place, bool]
    failures: list[FakeFailure]
    modules: dict[Path, SourceModule]
    unresolved: list[Unresolved]


def fake_analyse(
    sources: Sequence[Source],
    *,
    src_roots: Sequence[Path],
    top: Path,
    returns: Mapping[str, str],
    progress: Callable[[int, int], None] | None,
    unseen: object,
) -> FakeAnalysis:
    analysis = FakeAnalysis([], {}, [], {}, [])
    for number, source in enumerate(sources, 1):
        if progress is not None:
            progress(number, len(sources))
        try:
            text = source.decode()
            module = SourceModule(source.path, text, cst.parse_module(text))
        except (DecodeError, cst.ParserSyntaxError) as problem:
            line = problem.line if isinstance(problem, DecodeError) else problem.raw_line
            analysis.failures.append(
                FakeFailure(source.path, line, 1, "syntax", str(problem.message))
            )
            continue
        analysis.modules[source.path] = module
        for call in _calls(module.tree):
            analysis.events.append((module, call))
            place = Place(module, call)
            analysis.loss_calls[place] = not _is_unknown(call)
            if _is_unknown(call):
                analysis.unresolved.append(_unresolved(place, call))
    return analysis


def _is_unknown(call: cst.Call) -> bool:
    return isinstance(call.func, cst.Name) and call.func.value == "unknown"


def _unresolved(place: Place, call: cst.Call) -> Unresolved:
    if not call.args:
        return Unresolved(place, None, "")
    value = call.args[0].value
    return Unresolved(place, Place(place.file, value), "nobody knows this")


def _calls(tree: cst.Module) -> Iterator[cst.Call]:
    pending: list[cst.CSTNode] = [tree]
    while pending:
        node = pending.pop(0)
        if isinstance(node, cst.Call):
            yield node
        pending.extend(node.children)


def fake_diagnose(
    events: Sequence[tuple[SourceModule, cst.Call]],
    rules: Sequence[Rule],
    failed: Callable[[Broken], None],
) -> Iterator[tuple[Rule, Diagnosis]]:
    for module, call in events:
        for rule in rules:
            if isinstance(call.func, cst.Name) and call.func.value == rule.code:
                yield rule, _diagnosis(rule, module, call)


def _diagnosis(rule: Rule, module: SourceModule, call: cst.Call) -> Diagnosis:
    said = {"message": f"{rule.name} here", "help": "do not", "confidence": "high"}
    trail = []
    for argument in call.args:
        if argument.keyword is not None and isinstance(argument.value, cst.SimpleString):
            said[argument.keyword.value] = ast.literal_eval(argument.value.value)
        elif isinstance(argument.value, cst.Name):
            place = Place(module, argument.value)
            trail.append(Step(place, f"{argument.value.value} came from here"))
    place = Place(module, call)
    fix = None
    if "fix" in said:
        safety = Safety(said.get("safety", "safe"))
        fix = Fix(f"write {said['fix']}", safety, (replaced(place, said["fix"]),))
    return Diagnosis(
        place,
        said["message"],
        said["help"],
        tuple(trail),
        Confidence[said["confidence"].upper()],
        fix=fix,
    )


@pytest.fixture
def calls_are_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(losslint.analysis.session, "analyse", fake_analyse)
    monkeypatch.setattr(losslint.diagnosis, "diagnose", fake_diagnose)


@dataclass
class Result:
    code: int
    out: str
    err: str


Losslint = Callable[..., Result]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, which is also the current one."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "100")
    return folder


@pytest.fixture
def losslint_(
    project: Path, calls_are_findings: None, capsys: pytest.CaptureFixture[str]
) -> Losslint:
    """Runs the command line in ``project``, with calls as findings."""

    def run(*arguments: str) -> Result:
        code = main(arguments)
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return run


def write(folder: Path, **files: str) -> None:
    """Writes ``name.py`` for each keyword."""
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text, "utf-8")
