"""How the speed benchmark measures, and what it takes for an internal error."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks import labels
from benchmarks.linting import LintError, lint, run_of
from benchmarks.speed.__main__ import INTERNAL
from benchmarks.speed.corpora import Corpus
from benchmarks.speed.measured import measured
from losslint.analysis.interpreter import Interpreter
from losslint.cli.main import main
from losslint.rule import Rule


def test_a_process_is_measured(tmp_path: Path) -> None:
    program = "import sys; print(sum(range(10**6)), sys.stdin.read()); sys.exit(3)"
    done = measured([sys.executable, "-c", program], tmp_path, "given")
    assert (done.code, done.out, done.err) == (3, "499999500000 given\n", "")
    assert done.cpu > 0
    assert done.memory > 1


def test_a_corpus_is_copied_with_its_folders(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "package").mkdir(parents=True)
    (root / "package" / "loss.py").write_text("x = 1\n")
    Corpus("package", root, (root / "package" / "loss.py",)).copy(tmp_path / "copy")
    assert (tmp_path / "copy" / "package" / "loss.py").read_text() == "x = 1\n"


def test_a_run_is_read(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(
        "import torch.nn as nn\n\n"
        "loss = nn.CrossEntropyLoss()(nn.Softmax(dim=1)(nn.Linear(2, 3)(x)), y)\nloss.backward()\n"
    )
    run = lint(tmp_path)
    assert [(f.code, f.at) for f in run.findings] == [("LOS104", ("train.py", 3))]
    assert (run.files, run.loss_calls, run.understood) == (1, 1, 1)


def test_a_run_that_fails_or_lints_nothing_is_no_measurement(tmp_path: Path) -> None:
    with pytest.raises(LintError, match="losslint ended with 2:\nwhat went wrong"):
        run_of(tmp_path, 2, "", "what went wrong")
    with pytest.raises(LintError, match="found no Python file"):
        lint(tmp_path)


def test_a_file_of_labels_is_held_against_reading_it() -> None:
    classes, numbers = labels.results(rows=2000)
    assert (classes.name, numbers.name) == ("classes", "numbers")
    assert min(classes.ratio, numbers.ratio) > 1
    assert not labels.Result("slow", 20.0, 1.0, 50.0).is_within_bounds
    assert not labels.Result("large", 2.0, 1.0, 500.0).is_within_bounds
    assert labels.Result("fine", 2.0, 1.0, 50.0).is_within_bounds


TRAIN = "import torch.nn as nn\n\nloss = nn.MSELoss()(x, y)\nloss.backward()\n"


def not_analysed(capsys: pytest.CaptureFixture[str]) -> list[str]:
    assert main(["--isolated", "--exit-zero", "-f", "json", "."]) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return [one["message"] for one in document["findings"] if one["code"] == "LOS004"]


def test_an_exception_in_the_analysis_is_an_internal_error(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("missing")

    (project / "train.py").write_text(TRAIN)
    monkeypatch.setattr(Interpreter, "exec", broken)
    (message,) = not_analysed(capsys)
    assert INTERNAL.search(message)


def test_an_exception_in_a_rule_is_an_internal_error(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("missing")

    (project / "train.py").write_text(TRAIN)
    monkeypatch.setattr(Rule, "check_loss_call", broken)
    messages = not_analysed(capsys)
    assert messages
    assert all(INTERNAL.search(message) for message in messages)


def test_a_limit_that_is_met_is_no_internal_error(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "train.py").write_text(TRAIN + f"x = {'(' * 300}1{')' * 300}\n")
    (message,) = not_analysed(capsys)
    assert not INTERNAL.search(message)
