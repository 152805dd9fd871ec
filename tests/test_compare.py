"""losslint compare: the table, the plot on a terminal, the image, and what cannot be compared."""

from __future__ import annotations

import math
import re
import sys
from pathlib import Path

import pytest

from losslint.catalogue import ENTRIES
from losslint.comparison import curves as comparison
from tests.conftest import Losslint


def row(text: str, part: str, x: float) -> list[float]:
    """The numbers at x in the part of the table under ``loss`` or ``gradient``."""
    block = text.split(f"{part}\n", 1)[1].split("\n\n", 1)[0]
    (line,) = re.findall(rf"^ *{re.escape(f'{x:g}')}  (.*)$", block, re.MULTILINE)
    return [float(word) for word in line.split()]


def test_regression_losses_over_errors(losslint_: Losslint) -> None:
    result = losslint_("compare", "mse", "l1", "huber", "log-cosh")
    assert result.code == 0
    cosh = math.log(math.cosh(3))
    assert row(result.out, "loss", 3) == [9, 3, 2.5, pytest.approx(cosh, rel=1e-3)]
    assert row(result.out, "gradient", -3) == [-6, -1, -1, pytest.approx(-math.tanh(3), rel=1e-3)]
    assert "an error of 10 is as        10         1         1      1.31  errors of 1" in result.out


def test_classification_losses_over_logits(losslint_: Losslint) -> None:
    out = losslint_("compare", "cross-entropy", "focal", "bce-with-logits").out
    entropy = math.log1p(math.exp(-1))
    wrong = 1 - math.exp(-entropy)
    expected = [entropy, wrong**2 * entropy, entropy]
    assert row(out, "loss", 1) == pytest.approx(expected, rel=1e-3)
    assert "errors of 1" not in out


def test_a_sweep_compares_a_loss_with_itself(losslint_: Losslint) -> None:
    out = losslint_("compare", "focal", "--sweep", "gamma=0,2").out
    assert re.search(r"logit of the right answer +gamma=0 +gamma=2$", out, re.MULTILINE)
    at_0 = row(out, "loss", 0)
    assert at_0 == pytest.approx([math.log(2), math.log(2) / 4], rel=1e-3)


def test_the_plot_is_as_wide_as_the_terminal(
    losslint_: Losslint, monkeypatch: pytest.MonkeyPatch
) -> None:
    for columns in (60, 90):
        monkeypatch.setenv("COLUMNS", str(columns))
        drawn = losslint_("compare", "l1", "mse").out.rpartition("errors of 1")[2]
        assert max(map(len, drawn.splitlines())) == columns - 1
        assert "* l1   o mse" in drawn


def comparable() -> list[str]:
    groups = (comparison._OF_QUANTITIES, comparison._OF_ONE_LOGIT, comparison._OF_TWO_LOGITS)
    return [name for group in groups for name in group]


@pytest.mark.parametrize("name", comparable())
def test_each_loss_that_can_be_compared(name: str, losslint_: Losslint) -> None:
    result = losslint_("compare", name)
    assert result.code == 0, result.err
    assert "nan" not in result.out.split("an error of 10")[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["mse", "dice"], "dice is no function of one error or logit, and cannot be compared"),
        (["mse", "focal"], "mse is a function of the error, focal of the logit of the right"),
        (["mes"], "unknown loss 'mes'; did you mean 'mse'?"),
        (["mse", "l1", "--sweep", "x=1"], "--sweep is for one loss, and here are 2"),
        (["focal", "--sweep", "gamma"], "--sweep is written as gamma=0,1,2,5, and not 'gamma'"),
        (["focal", "--sweep", "gamma=a"], "--sweep is written as gamma=0,1,2,5"),
        (["focal", "--sweep", "gamma=-1"], "focal: `gamma` must be at least 0, but is -1.0"),
        (
            ["focal", "--sweep", "gama=1"],
            "'gama' among its options; these are: gamma, label_smoothing; did you mean 'gamma'?",
        ),
        (["focal", "--sweep", "alpha=1"], "focal has no number called 'alpha'"),
        (["l1", "--sweep", "beta=1"], "l1 has no number called 'beta' among its options; it has"),
        (["huber", "--sweep", "beta=1"], "these are: delta"),
    ],
)
def test_what_cannot_be_compared(arguments: list[str], message: str, losslint_: Losslint) -> None:
    result = losslint_("compare", *arguments)
    assert (result.code, result.out) == (2, "")
    assert message in result.err


def test_without_torch_it_says_what_is_missing(
    losslint_: Losslint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "losslint.comparison.curves")
    result = losslint_("compare", "mse")
    assert result.code == 2
    assert "torch is not installed" in result.err


def test_without_matplotlib_a_plot_says_what_is_missing(
    losslint_: Losslint, monkeypatch: pytest.MonkeyPatch, project: Path
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    result = losslint_("compare", "mse", "--plot", "curves.svg")
    assert (result.code, result.out) == (2, "")
    assert "--plot draws with matplotlib, which is not installed" in result.err


@pytest.mark.parametrize(("name", "start"), [("a.svg", b"<?xml"), ("a.png", b"\x89PNG")])
def test_a_plot_is_a_file(name: str, start: bytes, losslint_: Losslint, project: Path) -> None:
    pytest.importorskip("matplotlib.figure")
    result = losslint_("compare", "mse", "l1", "--plot", name)
    assert result.code == 0
    assert (project / name).read_bytes().startswith(start)
    assert "* mse" not in result.out
    wrong = losslint_("compare", "mse", "--plot", "a.nothing")
    assert "--plot: a.nothing cannot be written" in wrong.err


def test_names_of_comparable_losses_are_those_of_the_catalogue() -> None:
    assert set(comparable()) <= {entry.name for entry in ENTRIES}
