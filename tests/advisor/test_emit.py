"""`losslint advise --emit`: the answers are in the script, and no file is lost."""

import re
from pathlib import Path

from losslint.advisor.loading import load_tree
from tests.advisor.test_scripts import one_thread, run
from tests.conftest import Losslint

__all__ = ["one_thread"]

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


def test_a_folder_is_no_place_for_a_script(project: Path, losslint_: Losslint) -> None:
    for force in ([], ["--force"]):
        result = losslint_(*ARGUMENTS, "--emit", ".", *force)
        assert (result.code, result.out) == (2, "")
        assert "is a folder: name a file" in result.err


def test_a_script_can_carry_its_loss(project: Path, losslint_: Losslint) -> None:
    arguments = ("advise", "--task", "multiclass", "--noise", "high", "--emit", "train.py")
    assert losslint_(*arguments, "--standalone").code == 0
    text = (project / "train.py").read_text()
    assert "class GeneralizedCrossEntropyLoss(" in text
    assert not re.search(r"^(from|import) losslint", text, re.MULTILINE)
    assert run(text)[0]["score"] > 0.8
