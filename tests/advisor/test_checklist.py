"""`losslint checklist`: open without a script, ticked or crossed with one."""

import json
from pathlib import Path

import pytest

from losslint.advisor.checklist import load_checklist
from losslint.cli.main import main
from tests.conftest import write

WRONG = """
import torch
import torch.nn as nn

criterion = nn.CrossEntropyLoss()
loss = criterion(torch.softmax(nn.Linear(3, 2)(x), dim=1), y)
"""
RIGHT = WRONG.replace("torch.softmax(nn.Linear(3, 2)(x), dim=1)", "nn.Linear(3, 2)(x)")


def test_without_a_script_everything_is_open(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["checklist"]) == 0
    out = capsys.readouterr().out
    items = [item for section in load_checklist() for item in section.items]
    assert out.count("- [ ] ") == len(items)
    assert "[x]" not in out


def test_what_is_wrong_is_crossed_with_its_place(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(project, train=WRONG)
    assert main(["checklist", "--isolated", "train.py"]) == 0
    out = capsys.readouterr().out
    assert "- [!] The criterion gets what it expects" in out
    assert "  - train.py:6: LOS104 " in out
    assert "- [ ] One batch can be learned by heart" in out


def test_what_was_looked_at_and_is_clean_is_ticked(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(project, train=RIGHT)
    assert main(["checklist", "--isolated", "-f", "json", "train.py"]) == 0
    document = json.loads(capsys.readouterr().out)
    verdicts = {
        item["check"]: item["verdict"]
        for section in document["sections"]
        for item in section["items"]
    }
    assert "wrong" not in verdicts.values()
    (fits,) = [found for check, found in verdicts.items() if check.startswith("The criterion gets")]
    assert fits == "clean"
    assert verdicts["The classes were counted"] == "open"


def test_nothing_is_ticked_where_a_loss_call_was_not_understood(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(project, train=RIGHT + "\nfrom elsewhere import net\nloss = criterion(net(x), y)\n")
    assert main(["checklist", "--isolated", "train.py"]) == 0
    out = capsys.readouterr().out
    assert "2 loss calls, 1 understood: nothing is ticked unless all are." in out
    assert "- [x]" not in out


def test_a_file_that_cannot_be_parsed_is_told(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(project, train=WRONG + "def f(:\n")
    assert main(["checklist", "--isolated", "train.py"]) == 0
    assert "train.py:7: " in capsys.readouterr().err
