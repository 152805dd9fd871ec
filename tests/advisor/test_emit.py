"""`losslint advise --emit`: the answers are in the script, and no file is lost."""

from pathlib import Path

from losslint.advisor.loading import load_tree
from tests.conftest import Losslint

ARGUMENTS = ("advise", "--task", "multiclass", "--classes", "7", "--imbalance", "40")


def test_the_answers_are_in_the_script(project: Path, losslint_: Losslint) -> None:
    result = losslint_(*ARGUMENTS, "--emit", "train.py")
    assert result.code == 0
    text = (project / "train.py").read_text()
    assert "CLASSES = 7\n" in text
    assert "IMBALANCE = 40 " in text
    assert "nn.CrossEntropyLoss(weight=" in text
    assert load_tree().leaves["multiclass-weighted"].title in text


def test_a_file_is_only_overwritten_by_force(project: Path, losslint_: Losslint) -> None:
    (project / "train.py").write_text("mine\n")
    result = losslint_(*ARGUMENTS, "--emit", "train.py")
    assert (result.code, result.out) == (2, "")
    assert "train.py is there already; --force overwrites it" in result.err
    assert (project / "train.py").read_text() == "mine\n"
    assert losslint_(*ARGUMENTS, "--emit", "train.py", "--force").code == 0
    assert "CLASSES = 7" in (project / "train.py").read_text()


def test_a_place_that_cannot_be_written_is_said(project: Path, losslint_: Losslint) -> None:
    result = losslint_(*ARGUMENTS, "--emit", "nowhere/train.py")
    assert (result.code, result.out) == (2, "")
    assert "nowhere/train.py cannot be written" in result.err
