"""`losslint advise --from`: the task that a script shows, or that it cannot be told."""

import json
from pathlib import Path

import pytest

from losslint.advisor.evidence.script import evidence_of_script
from losslint.cli.main import main
from losslint.errors import UserError
from tests.advisor.test_scripts import TREE, scripts
from tests.conftest import write

WRONG = """
import torch
import torch.nn as nn

model = nn.Sequential(nn.Linear(20, 7), nn.Softmax(dim=1))
criterion = nn.CrossEntropyLoss()
for x, y in loader:
    loss = criterion(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""


def test_what_a_script_uses_and_what_to_change(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(project, train=WRONG)
    assert main(["advise", "--from", "train.py", "-f", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    steps = {step["option"]: (step["answer"], step["number"]) for step in document["path"]}
    assert steps["task"] == ("multiclass", None)
    assert steps["classes"] == ("usual", 7)
    used, change = document["evidence"]["facts"]
    assert used == (
        "`criterion` (CrossEntropyLoss) is given `model(...)` (softmax), and expects logits of "
        "exclusive classes."
    )
    assert change.startswith("Line 8, LOS104: ")


@pytest.mark.parametrize(
    ("criterion", "task"),
    [
        ("nn.MSELoss()(nn.Linear(4, 1)(x), y)", "regression"),
        ("nn.BCEWithLogitsLoss()(nn.Linear(4, 1)(x), y)", "binary"),
        ("nn.BCEWithLogitsLoss()(nn.Linear(4, 6)(x), y)", "multilabel"),
        ("nn.TripletMarginLoss()(net(x), net(y), net(z))", "metric-learning"),
        ("nn.PoissonNLLLoss()(net(x), y)", "regression"),
    ],
)
def test_the_task_of_a_criterion(project: Path, criterion: str, task: str) -> None:
    write(project, train=f"import torch.nn as nn\nloss = {criterion}\nloss.backward()\n")
    assert evidence_of_script(Path("train.py"), {}).answers["task"].word == task


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("x = 1\n", "no loss call in it is understood"),
        ("import torch.nn as nn\nnn.MSELoss()(net(x), y).backward()\n", "from its criteria"),
    ],
)
def test_what_cannot_be_told_is_said(
    project: Path, capsys: pytest.CaptureFixture[str], text: str, why: str
) -> None:
    write(project, train=text)
    assert main(["advise", "--from", "train.py"]) == 2
    error = capsys.readouterr().err
    assert "cannot tell the task of train.py" in error
    assert why in error
    assert main(["advise", "--from", "train.py", "--task", "ordinal"]) == 0


def test_of_the_scripts_that_advise_writes_nine_in_ten_that_are_named_are_named_right(
    project: Path,
) -> None:
    named = right = 0
    for text, leaf in scripts().items():
        write(project, train=text)
        try:
            told = evidence_of_script(Path("train.py"), {}).answers["task"].word
        except UserError:
            continue
        named += 1
        right += told in {path[0][1].name for path, found in TREE.paths() if found is leaf}
    assert named >= 20
    assert right >= 0.9 * named
