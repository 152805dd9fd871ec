"""Whole runs with the real analysis, on files of all kinds."""

import json
from pathlib import Path
from typing import Any

import pytest

from losslint.cli.main import main
from tests.conftest import write

MODEL = """
import torch.nn as nn


class Net(nn.Module):
    def __init__(self, hidden, classes):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(10, hidden),
            nn.ReLU(),
            nn.Linear(hidden, classes),
            nn.Softmax(dim=1),
        )

    def forward(self, x):
        return self.layers(x)
"""

TRAIN = """
import torch
import torch.nn as nn

from model import Net


def train_one_epoch(model, loader, criterion, optimizer):
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()


if __name__ == "__main__":
    net = Net(32, 10)
    optimizer = torch.optim.Adam(net.parameters())
    train_one_epoch(net, make_loader(), nn.CrossEntropyLoss(), optimizer)
"""

FAULT = b"import torch.nn.functional as F\nloss = F.cross_entropy(F.softmax(x, 1), y)\n"


def lint(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    main(["-f", "json", *arguments])
    document = json.loads(capsys.readouterr().out)
    assert isinstance(document, dict)
    return document


def test_a_model_and_its_criterion_that_meet_in_another_file(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(project, model=MODEL, train=TRAIN)
    document = lint(capsys)
    (finding,) = document["findings"]
    assert (finding["code"], finding["path"], finding["line"]) == ("LOS104", "train.py", 11)
    assert {step["path"] for step in finding["related"]} == {"model.py", "train.py"}
    assert len(finding["related"]) >= 3
    assert document["coverage"] == {"loss_calls": 1, "understood": 1}
    assert document["summary"]["files"] == 2


def test_findings_are_in_the_linted_files_only(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "models").mkdir()
    write(project / "models", model=MODEL)
    write(project, train=TRAIN.replace("from model", "from models.model"))
    assert lint(capsys, "models")["findings"] == []
    assert [finding["path"] for finding in lint(capsys, "train.py")["findings"]] == ["train.py"]


def test_the_loss_calls_of_imported_files_are_not_counted(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    helper = "def step(model, criterion, x, y):\n    return criterion(model(x), y)\n"
    write(project, helper=f"import torch\n{helper}", train=f"from helper import step\n{TRAIN}")
    arguments = ["--show-unresolved", "train.py"]
    coverage = lint(capsys, *arguments)["coverage"]
    (unresolved,) = coverage["unresolved"]
    assert (coverage["loss_calls"], coverage["understood"]) == (1, 0)
    assert (unresolved["path"], unresolved["line"]) == ("train.py", 12)
    assert unresolved["why"] == "model(...) is not known"
    assert (unresolved["lost"]["line"], unresolved["lost"]["column"]) == (12, 26)
    everything = lint(capsys, "--show-unresolved", ".")["coverage"]
    assert {one["path"] for one in everything["unresolved"]} == {"helper.py", "train.py"}


@pytest.mark.parametrize(
    ("content", "place", "message"),
    [
        (b"loss.backward(\n", (1, 14), "'(' was never closed"),
        (b"x = x.cuda(async=True)\n", (1, 12), "since Python 3.7: write `non_blocking=True`"),
        (b"import torch\ndef f(\n    async = 0): pass\n", (3, 5), "keyword since Python 3.7"),
        (b"import torch\nloss = '\xff'\n", (2, 9), "byte 0xff is not valid utf-8"),
        (b"import torch\nloss = \0 1\n", (2, 8), "not valid Python: a null byte"),
        (b"# coding: klingon\nloss.backward()\n", (1, 1), "'klingon' is unknown"),
    ],
)
def test_a_file_that_is_not_python(
    project: Path,
    capsys: pytest.CaptureFixture[str],
    content: bytes,
    place: tuple[int, int],
    message: str,
) -> None:
    (project / "broken.py").write_bytes(content)
    (project / "train.py").write_bytes(FAULT)
    document = lint(capsys)
    assert [finding["code"] for finding in document["findings"]] == ["LOS001", "LOS104"]
    (error,) = document["errors"]
    assert (error["line"], error["column"]) == place
    assert message in error["message"]


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + FAULT,
        FAULT.replace(b"\n", b"\r\n"),
        FAULT.replace(b"\n", b"\r"),
        b"# coding: latin-1\nname = '\xe9'\n" + FAULT,
        FAULT.rstrip(b"\n"),
        b"\x0c\n" + FAULT,
    ],
)
def test_a_file_in_any_form(
    project: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    (project / "train.py").write_bytes(content)
    (finding,) = lint(capsys)["findings"]
    assert finding["code"] == "LOS104"
    assert (finding["column"], finding["end_column"]) == (8, 43)


@pytest.mark.parametrize("text", ["", "\n", "# loss", "x = 1", "loss = torch", "\x0c", "\\\n"])
def test_a_file_with_next_to_nothing_in_it(
    project: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    (project / "train.py").write_text(text)
    assert lint(capsys)["findings"] == []


def test_code_that_nests_too_deep_is_named(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deep = "loss = " + "(" * 1000 + "1" + ")" * 1000 + "\nloss.backward()\n"
    write(project, deep=deep, train=FAULT.decode())
    document = lint(capsys)
    assert [finding["code"] for finding in document["findings"]] == ["LOS004", "LOS104"]
    assert document["errors"][0]["path"] == "deep.py"


@pytest.mark.parametrize(
    ("loss", "what"),
    [
        ("criterion(net(x).detach(), y)", "this loss: it trains nothing"),
        (
            "criterion(net(x), y) + F.mse_loss(net(x).detach(), z)",
            "this term of the loss: the term trains nothing",
        ),
    ],
)
def test_a_loss_without_gradient_is_told_from_a_term_without(
    project: Path, capsys: pytest.CaptureFixture[str], loss: str, what: str
) -> None:
    script = f"""
import torch.nn as nn
import torch.nn.functional as F

net, criterion = nn.Linear(4, 3), nn.CrossEntropyLoss()
for x, y, z in loader:
    loss = {loss}
    loss.backward()
"""
    write(project, train=script)
    (finding,) = lint(capsys, "--select", "LOS408")["findings"]
    assert finding["message"].endswith(what)


PICKED = """
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self, task):
        super().__init__()
        self.task, self.head = task, nn.Linear(8, 4)

    def forward(self, x):
        if self.task == "labels":
            return F.log_softmax(self.head(x), dim=1)
        if self.task == "depth":
            return self.head(x)
        return F.normalize(self.head(x), dim=1)


def fit(output, target, task, scale):
    if task == "labels":
        loss = F.nll_loss(output, target)
    elif task == "depth":
        loss = F.l1_loss(output, target)
    else:
        loss = 1 - (output * target).sum(dim=1).mean()
    return loss * scale


def train(loader, task):
    model = Net(task)
    for x, y in loader:
        output = model(x)
"""


def test_what_picks_model_and_loss_is_not_forgotten_in_a_function_called_in_many_ways(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = "".join(
        f'        if task == "{task}":\n            fit(output, y, task, {number}.5)\n'
        for number in range(100)
        for task in ("depth", "normals", "labels")
    )
    write(project, train=PICKED + calls)
    assert lint(capsys, "--select", "LOS1")["findings"] == []


def test_a_model_that_is_built_many_times_still_ends_as_it_always_does(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = """
import torch.nn.functional as F
from torch import nn


class Member(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(8, 4)

    def forward(self, x):
        return self.head(x), F.softmax(self.head(x), dim=1)


"""
    votes = "".join(f"votes_{n} = Member()(x)\n" for n in range(200))
    write(
        project,
        ensemble=program + votes + "_, last = votes_199\nloss = F.cross_entropy(last, y)\n",
    )
    (finding,) = lint(capsys)["findings"]
    assert (finding["code"], finding["line"]) == ("LOS104", 216)


TWO_OPTIMIZERS = """
import torch.optim as optim


def train(loader, net):
    first = optim.SGD(net.first.parameters(), lr=0.1)
    second = optim.SGD(net.second.parameters(), lr=0.1)
    for x, y in loader:
        first.zero_grad()
        second.zero_grad()
        for _ in range(5):
            net.first_loss(x, y).backward()
            first.step()
            net.second_loss(x, y).backward()
            second.step()
"""


def test_the_trail_of_a_step_names_its_own_backward(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(project, train=TWO_OPTIMIZERS)
    found = lint(capsys)["findings"]
    lines = [(one["line"], {step["line"] for step in one["related"]}) for one in found]
    assert lines == [(13, {12, 9}), (15, {14, 10})]


METER = """
class Meter:
    def __init__(self):
        self.total, self.count = 0, 0

    def update(self, value, n=1):
        self.total += value * n
        self.count += n
"""

METERED = """
import torch.nn.functional as F

from meter import Meter


def train(model, optimizer, loader):
    losses = Meter()
    for x, y in loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        losses.update(loss)
    print(losses.total / losses.count)
"""


def test_a_total_in_a_meter_names_who_hands_the_loss_over(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(project, meter=METER, train=METERED)
    (found,) = lint(capsys)["findings"]
    assert (found["code"], found["path"], found["line"]) == ("LOS405", "meter.py", 7)
    assert ("train.py", 14) in {(step["path"], step["line"]) for step in found["related"]}


@pytest.mark.parametrize(
    ("sizes", "picked", "help_"),
    [("8, 1", 1, "write dim=0"), ("1, 8, 4", 0, "say which dimension it is over")],
)
def test_a_softmax_over_the_single_element_of_the_dim_that_torch_picks(
    project: Path, capsys: pytest.CaptureFixture[str], sizes: str, picked: int, help_: str
) -> None:
    code = "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n\n\n"
    code += "class Net(nn.Module):\n    def forward(self):\n"
    write(project, net=f"{code}        return F.softmax(torch.randn({sizes}))\n")
    (finding,) = lint(capsys)["findings"]
    assert (finding["code"], finding["help"]) == ("LOS113", help_)
    assert f"picks dim={picked}, which has a single element here" in finding["message"]
