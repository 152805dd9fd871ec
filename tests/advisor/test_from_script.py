"""`losslint advise --from`: the task that a script shows, or that it cannot be told."""

import json
import re
from pathlib import Path

import pytest

from losslint.advisor.evidence.script import evidence_of_script, read_script
from losslint.cli.main import main
from tests.advisor.test_scripts import TREE, scripts
from tests.conftest import write

FIXTURES = Path(__file__).parent.parent.parent / "fixtures"

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
        ("import torch.nn as nn\nnn.MSELoss()(net(x), y).backward()\n", "(MSELoss) fit several"),
        (
            "action = policy(state)\nloss = -(log_prob * reward).mean()\nloss.backward()\n",
            "reinforcement learning",
        ),
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


def test_the_names_in_a_script_are_part_of_what_it_says(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = """
import torch.nn as nn

netG, netD = nn.Linear(8, 4), nn.Linear(4, 1)
criterion = nn.BCEWithLogitsLoss()
for real in loader:
    criterion(netD(real), ones).backward()
    criterion(netD(netG(noise)), zeros).backward()
"""
    write(project, train=text)
    assert main(["advise", "--from", "train.py", "-f", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    steps = {step["option"]: step["answer"] for step in document["path"]}
    assert (steps["task"], steps["kind"]) == ("generative", "gan")
    assert document["evidence"]["facts"][0] == "Its names speak of a discriminator (`netD`)."


def test_what_is_still_missing_is_asked_for(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "loss = simclr(view_a, view_b, temperature=0.5)\nloss.backward()\n"
    write(project, train=text)
    assert main(["advise", "--from", "train.py"]) == 2
    error = capsys.readouterr().err
    assert "--kind is needed beside what was read (--task self-supervised): What is" in error
    assert main(["advise", "--from", "train.py", "--kind", "views"]) == 0


def test_comments_and_messages_tell_nothing(project: Path) -> None:
    text = """
'''Not a GAN: there is no discriminator, no teacher, no student.'''
import torch.nn as nn

loss = nn.MSELoss()(nn.Linear(4, 1)(x), y)  # no discriminator
loss.backward()
print("no discriminator, no reward, no action")
"""
    write(project, train=text)
    assert read_script(Path("train.py"))[0].task == "regression"


def test_a_loss_in_another_file_of_the_project_counts(project: Path) -> None:
    write(
        project,
        losses="import torch.nn as nn\ndef error(a, b):\n    return nn.L1Loss()(a, b)\n",
        train="import torch.nn as nn\nfrom losses import error\n"
        "error(nn.Linear(4, 1)(x), y).backward()\n",
    )
    assert read_script(Path("train.py"))[0].task == "regression"


def test_of_the_scripts_that_advise_writes_nine_in_ten_that_are_named_are_named_right(
    project: Path,
) -> None:
    named = right = 0
    for text, leaf in scripts().items():
        write(project, train=text)
        told = read_script(Path("train.py"))[0].task
        named += told is not None
        right += told in {path[0][1].name for path, found in TREE.paths() if found is leaf}
    assert named >= 40
    assert right >= 0.9 * named


def labelled() -> dict[Path, set[str]]:
    """The fixtures that say their task, by reading them: one or several that fit, or unclear."""
    found = {}
    for path in sorted(FIXTURES.rglob("*.py")):
        label = re.search(r"^# task: (.+)$", path.read_text("utf-8"), re.MULTILINE)
        if label:
            found[path] = set(label[1].split(" or "))
    return found


def test_of_the_fixtures_nine_in_ten_that_are_named_are_named_right() -> None:
    wanted = labelled()
    assert len(wanted) >= 300
    told = {path: read_script(path)[0].task for path in wanted}
    named = [path for path, task in told.items() if task is not None]
    right = [path for path in named if told[path] in wanted[path]]
    clear = [path for path, tasks in wanted.items() if tasks != {"unclear"}]
    assert len(right) >= 0.9 * len(named)
    assert len([path for path in clear if told[path] is not None]) >= 2 / 3 * len(clear)


def test_the_labels_of_fixtures_are_tasks_and_leave_few_out() -> None:
    (root,) = [node for node in TREE.nodes.values() if node.name == TREE.root]
    tasks = {choice.name for choice in root.question.choices}
    used = {task for label in labelled().values() for task in label}
    assert used - tasks == {"unclear"}
    assert tasks - used == {"noisy-labels"}  # no script says that its labels are wrong
