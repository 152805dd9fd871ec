"""What the author states of a value, by a comment or in the settings, and what it leads to."""

from pathlib import Path

import pytest

from losslint.cli.main import main
from tests.conftest import write

HEAD = """import torch.nn as nn
import torch.nn.functional as F
import zoo
from zoo import build_model
"""


def lint(project: Path, capsys: pytest.CaptureFixture[str], text: str) -> list[str]:
    """``code@line`` of what is found below the imports."""
    write(project, train=HEAD + text)
    main(["-f", "concise", "-q", "train.py"])
    lines = capsys.readouterr().out.splitlines()
    offset = HEAD.count("\n")
    return [f"{line.split()[1]}@{int(line.split(':')[1]) - offset}" for line in lines]


FACTORY = """
model = build_model("large").to("cuda")
model.train()
criterion = nn.CrossEntropyLoss()
for x, y in loader:
    optimizer.zero_grad()
    loss = criterion({}, y)
    loss.backward()
    optimizer.step()
"""
OWN = """
def build_model(name):
    return zoo.create(name)
"""


@pytest.mark.parametrize("name", ['"zoo.build_model"', "zoo.build_model"])
@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        ("logits", "model(x)", []),
        ("logits", "model(x).softmax(1)", ["LOS104@7"]),
        ("logits", "F.softmax(model(x), dim=1)", ["LOS104@7"]),
        ("logits", "model(x).logits.softmax(1)", ["LOS104@7"]),
        ("probs", "model(x)", ["LOS104@7"]),
        ("probs", "model(x).logits", ["LOS104@7"]),
        ("probs", "model(x)[0]", ["LOS104@7"]),
        ("log_probs", "model(x)", []),
    ],
)
def test_what_a_factory_is_stated_to_return(
    project: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    kind: str,
    given: str,
    expected: list[str],
) -> None:
    assert lint(project, capsys, FACTORY.format("model(x)")) == []
    (project / "losslint.toml").write_text(f'[returns]\n{name} = "{kind}"')
    assert lint(project, capsys, FACTORY.format(given)) == expected


def test_a_function_of_the_project_goes_by_its_module(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "our").mkdir()
    write(project / "our", models=f"import zoo\n{OWN}")
    (project / "losslint.toml").write_text('[returns]\n"our.models.build_model" = "probs"')
    text = "from our.models import build_model\n" + FACTORY.format("model(x)")
    assert lint(project, capsys, text) == ["LOS104@8"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("out = zoo.f(x)  # losslint: {}\nloss = F.cross_entropy(out, y)\n", "@2"),
        ("out: T = zoo.f(x)  # losslint: {}  as its page says\nF.cross_entropy(out, y)\n", "@2"),
        ("def f(x):\n    return zoo.f(x)  # losslint: {}\nF.cross_entropy(f(x), y)\n", "@3"),
        ("a, b = zoo.f(\n    x,\n)  # losslint: {}\nF.cross_entropy(b, y)\n", "@4"),
    ],
)
def test_what_a_comment_states(
    project: Path, capsys: pytest.CaptureFixture[str], text: str, expected: str
) -> None:
    assert lint(project, capsys, text.format("probs")) == [f"LOS104{expected}"]
    assert lint(project, capsys, text.format("logits")) == []
    assert lint(project, capsys, text.format("prob"))[-1].startswith("LOS003")


def test_targets_can_be_stated(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "y = zoo.f()  # losslint: {}\nF.nll_loss(F.log_softmax(nn.Linear(2, 3)(x), 1), y)\n"
    assert lint(project, capsys, text.format("indices")) == []


def test_what_is_stated_of_a_line_is_not_said_of_what_it_calls(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = """
def probabilities(x, y):
    scores = nn.Linear(3, 2)(x)
    loss = F.cross_entropy(scores, y)
    return scores.softmax(1)

probs = probabilities(x, y)  # losslint: probs
"""
    assert lint(project, capsys, text) == []


def test_the_statement_is_a_step_of_the_trail(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(project, train=f"{HEAD}out = zoo.f(x)  # losslint: probs\nF.cross_entropy(out, y)\n")
    main(["train.py"])
    assert "------------- stated to be probs" in capsys.readouterr().out
