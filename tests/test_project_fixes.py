"""Fixes that reach over several files: the model in one, its loss and its other uses in more."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch
import torch.nn.functional as F

from losslint.cli.main import main
from losslint.engine import Job, lint
from losslint.finding import Safety
from losslint.fixing import fix_all
from losslint.rule import installed_rules
from losslint.selection import FileIgnores, choose
from losslint.source import Source

Files = dict[str, str]

CLASSIFIER = """\
import torch
from torch import nn


class Classifier(nn.Module):
    def __init__(self, inputs):
        super(Classifier, self).__init__()
        self.out = nn.Linear(inputs, 1)

    def forward(self, x):
        return torch.sigmoid(self.out(x)).squeeze(1)
"""
STEPS = """\
def train_epoch(model, criterion, optimizer, batches):
    model.train()
    losses = []
    for x, y in batches:
        p = model(x)
        loss = criterion(p, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def hits(model, batches):
    model.eval()
    return [((model(x) > 0.5) == y).float().mean().item() for x, y in batches]
"""
TRAIN = """\
import torch
import torch.nn as nn

from nets import Classifier
import steps


def run(batches):
    torch.manual_seed(0)
    model = Classifier(4).double().to("cpu")
    criterion = nn.BCELoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    losses = steps.train_epoch(model, criterion, optimizer, batches)
    return losses, steps.hits(model, batches)


if __name__ == "__main__":
    run(load())
"""
PREDICT = """\
import nets.classifier

model = nets.classifier.Classifier(4)
model.eval()


def predict(x):
    return model(x).tolist()
"""
BINARY = {
    "nets/__init__.py": "from .classifier import Classifier\n",
    "nets/classifier.py": CLASSIFIER,
    "steps.py": STEPS,
    "train.py": TRAIN,
    "predict.py": PREDICT,
}
BINARY_FIXED = {
    "nets/__init__.py": BINARY["nets/__init__.py"],
    "nets/classifier.py": CLASSIFIER.replace("torch.sigmoid(self.out(x))", "self.out(x)"),
    "steps.py": "import torch\n\n\n"
    + STEPS.replace("((model(x) > 0.5)", "((torch.sigmoid(model(x)) > 0.5)"),
    "train.py": TRAIN.replace("BCELoss", "BCEWithLogitsLoss"),
    "predict.py": PREDICT.replace("model(x).tolist", "torch.sigmoid(model(x)).tolist").replace(
        "classifier\n", "classifier\nimport torch\n", 1
    ),
}

SOFT = """\
from torch import nn


class Net(nn.Module):
    def __init__(self, inputs):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(inputs, 3), nn.Softmax(dim=1))

    def forward(self, x):
        return self.layers(x)


def build(inputs):
    net = Net(inputs)
    return net
"""
TRAINER = """\
class Trainer:
    def __init__(self, model, criterion, optimizer):
        self.model = model
        self.criterion = criterion
        self.optimizer = optimizer

    def epoch(self, batches):
        losses = []
        for x, y in batches:
            scores = self.model(x)
            loss = self.criterion(scores, y)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            losses.append(loss.item())
        return losses

    def hits(self, batches):
        return [(self.model(x).argmax(dim=1) == y).float().mean().item() for x, y in batches]
"""
MAIN = """\
import torch
import torch.nn as nn
from networks import *
from rounds import Trainer


def run(batches):
    torch.manual_seed(0)
    model = build(4)
    model.double()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    trainer = Trainer(model, nn.CrossEntropyLoss(), optimizer)
    return trainer.epoch(batches), trainer.hits(batches)
"""
SERVE = """\
import torch
from networks import Net as Classifier


def predict(x):
    torch.manual_seed(1)
    net = Classifier(4)
    return net(x).max(dim=1).values.tolist()
"""
CLASSES = {"networks.py": SOFT, "rounds.py": TRAINER, "main.py": MAIN, "serve.py": SERVE}
CLASSES_FIXED = CLASSES | {
    "networks.py": SOFT.replace(", nn.Softmax(dim=1)", ""),
    "serve.py": SERVE.replace("net(x).max", "torch.softmax(net(x), dim=1).max"),
}


def job_for(folder: Path) -> Job:
    rules = installed_rules()
    return Job(folder, rules, choose(rules, []), FileIgnores(folder))


def write_files(folder: Path, files: Files) -> list[Source]:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return [Source.read((folder / name).resolve()) for name in sorted(files)]


def fixed(folder: Path, files: Files, *safeties: Safety) -> tuple[list[str], dict[str, str], int]:
    """The codes that are found, the files after all fixes, and the number of findings left."""
    folder = folder.resolve()
    sources, job = write_files(folder, files), job_for(folder)
    before = lint(sources, job)
    result = fix_all(sources, before, lambda new: lint(new, job), safeties or tuple(Safety))
    assert result.complaint == ""
    texts = {one.path.relative_to(folder).as_posix(): one.decode() for one in result.sources}
    return [one.code for one in before.findings], texts, len(result.report.findings)


PROJECTS = [
    ("LOS101", BINARY, BINARY_FIXED),
    (
        "LOS103",
        BINARY | {"train.py": TRAIN.replace("BCELoss", "BCEWithLogitsLoss")},
        BINARY_FIXED,
    ),
    ("LOS104", CLASSES, CLASSES_FIXED),
]


@pytest.mark.parametrize(("code", "before", "after"), PROJECTS)
def test_a_fix_changes_all_files_at_once(
    tmp_path: Path, code: str, before: Files, after: Files
) -> None:
    assert fixed(tmp_path / "all", before) == ([code], after, 0)
    assert fixed(tmp_path / "again", after) == ([], after, 0)
    assert fixed(tmp_path / "safe", before, Safety.SAFE) == ([code], before, 1)


# -- what the new code computes ---------------------------------------------------------------


def executed(
    folder: Path, files: Files, monkeypatch: pytest.MonkeyPatch, *names: str
) -> list[ModuleType]:
    """Modules of a project, imported as a user would."""
    write_files(folder, files)
    for name in {file.partition("/")[0].removesuffix(".py") for file in files}:
        for known in [one for one in sys.modules if one.partition(".")[0] == name]:
            monkeypatch.delitem(sys.modules, known)
    with monkeypatch.context() as patched:
        patched.syspath_prepend(str(folder))
        found = [importlib.import_module(name) for name in names]
    for name in {file.partition("/")[0].removesuffix(".py") for file in files}:
        for known in [one for one in sys.modules if one.partition(".")[0] == name]:
            del sys.modules[known]
    return found


def batches(classes: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(3, 8, 4, generator=generator, dtype=torch.float64)
    y = torch.randint(classes, (3, 8), generator=generator)
    return list(zip(x, y if classes > 2 else y.double(), strict=True))


def test_a_binary_classifier_trains_and_predicts_as_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = batches(2)
    results = []
    for name, files in (("before", BINARY), ("after", BINARY_FIXED)):
        torch.manual_seed(3)
        train, predict = executed(tmp_path / name, files, monkeypatch, "train", "predict")
        results.append((*train.run(data), predict.predict(data[0][0].float())))
    (losses, hits, served), (new_losses, new_hits, new_served) = results
    # three steps: the losses agree only if the gradients do
    assert new_losses == pytest.approx(losses, rel=1e-6)
    assert new_hits == hits
    assert new_served == pytest.approx(served, rel=1e-6)


def test_a_softmax_is_dropped_before_the_loss_and_nowhere_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = batches(3)
    (old,) = executed(tmp_path / "before", CLASSES, monkeypatch, "serve")
    main_, new = executed(tmp_path / "after", CLASSES_FIXED, monkeypatch, "main", "serve")
    x, y = data[0]
    assert new.predict(x.float()) == pytest.approx(old.predict(x.float()), rel=1e-6)
    torch.manual_seed(0)
    layer = torch.nn.Linear(4, 3).double()
    losses, _ = main_.run(data)
    assert losses[0] == pytest.approx(F.cross_entropy(layer(x), y).item(), rel=1e-6)


# -- where none is offered --------------------------------------------------------------------

HIDDEN: dict[str, Files] = {
    "the model is handed to code that nobody sees": {
        "export.py": "from nets import Classifier\nfrom onnx import export\nexport(Classifier(4))\n"
    },
    "the class is looked up by its name": {
        "zoo.py": "import nets\n\ndef make(name):\n    return getattr(nets, name)(4)\n"
    },
    "the class is looked up in what its module holds": {
        "zoo.py": "import nets.classifier as zoo\n\nmake = zoo.__dict__['Classifier']\n"
    },
    "a file is imported by its name": {
        "zoo.py": "from importlib import import_module\n\nzoo = import_module('nets.classifier')\n"
    },
    "the class is in a table": {
        "zoo.py": "from nets import Classifier\n\nZOO = {'classifier': Classifier}\n"
    },
    "the class has an heir": {
        "wide.py": "from nets import Classifier\n\nclass Wide(Classifier):\n    pass\n"
    },
    "another class may be meant": {
        "other.py": (
            "try:\n    from nets import Classifier\nexcept ImportError:\n"
            "    from somewhere import Classifier\n\nprint(Classifier(4)(x))\n"
        )
    },
    "the name is given to something else": {
        "other.py": "from nets import Classifier\n\nif fast:\n    Classifier = make()\n"
    },
    "an import leads nowhere, but has the name": {
        "other.py": "from classifier import Classifier\n\nprint(Classifier(4)(x))\n"
    },
    "the step is handed another model": {
        "other.py": "import steps\n\nsteps.train_epoch(make(), make(), make(), make())\n"
    },
    "the step is handed on as a function": {
        "other.py": "from steps import train_epoch\n\nrunner.start(train_epoch)\n"
    },
    "a decorator may hand the model on": {
        "other.py": (
            "from nets import Classifier\n\n@watched\ndef evaluate(net, x):\n"
            "    return net(x)\n\nprint(evaluate(Classifier(4), x))\n"
        )
    },
    "the model is a variable that another file takes": {
        "other.py": "from predict import model\n\nexport(model)\n"
    },
    "a file that imports it is no Python": {"other.py": "from nets import Classifier\nprint 'x'\n"},
    "the factory makes two kinds of models": {
        "other.py": (
            "from nets import Classifier\n\ndef make(kind):\n    if kind:\n"
            "        return Classifier(4)\n    return Other()\n"
        )
    },
    "the activation would have to be imported under a name that is taken": {
        "predict.py": PREDICT.replace("model.eval()", "torch = 1")
    },
}


@pytest.mark.parametrize("added", HIDDEN.values(), ids=HIDDEN.keys())
def test_uses_in_other_files_that_cannot_be_seen(tmp_path: Path, added: Files) -> None:
    files = BINARY | added
    codes, after, _ = fixed(tmp_path, files)
    assert codes.count("LOS101") == 1
    assert after == files


@pytest.mark.parametrize(
    "added",
    [
        {"notes.py": "from torchvision.models import classifier\n"},
        {"other.py": "class Classifier:\n    pass\n\nprint(Classifier)\n"},
        {"nets/other.py": "import torch\n\n\ndef count(x):\n    return len(x)\n"},
        {
            "other.py": "from nets.other import Classifier\n\nprint(Classifier(1)(2))\n",
            "nets/other.py": "class Classifier:\n    pass\n",
        },
    ],
)
def test_files_that_only_look_as_if_they_used_it(tmp_path: Path, added: Files) -> None:
    assert fixed(tmp_path, BINARY | added) == (["LOS101"], BINARY_FIXED | added, 0)


def test_a_function_without_gradients_is_followed(tmp_path: Path) -> None:
    text = (
        "import torch\nfrom nets import Classifier\n\n\n@torch.no_grad()\n"
        "def evaluate(net: Classifier, x):\n    return net(x)\n\n\nevaluate(Classifier(4), x)\n"
    )
    after = {"other.py": text.replace("return net(x)", "return torch.sigmoid(net(x))")}
    assert fixed(tmp_path, BINARY | {"other.py": text})[1] == BINARY_FIXED | after


# -- files that are not linted ----------------------------------------------------------------

NOTEBOOK = json.dumps({"cells": [{"source": ["import x\n", "from nets import Classifier\n"]}]})


@pytest.mark.parametrize(
    ("added", "paths", "is_fixed"),
    [
        ({}, ["."], True),
        ({}, ["nets", "steps.py", "train.py"], False),
        ({}, ["nets/classifier.py", "steps.py", "train.py"], False),
        ({}, ["nets/classifier.py", "steps.py", "train.py", "predict.py"], True),
        ({"look.ipynb": json.dumps(json.loads(NOTEBOOK), indent=1)}, ["."], False),
        ({"look.ipynb": NOTEBOOK}, ["."], False),
        ({"look.ipynb": NOTEBOOK.replace("nets", "torchvision")}, ["."], True),
        ({"old/plot.py": "from nets import Classifier\n"}, [".", "--exclude", "old/"], False),
        ({"old/plot.py": "from bets import Classifier\n"}, [".", "--exclude", "old/"], True),
    ],
)
def test_a_file_that_is_not_linted_may_use_the_model(
    project: Path,
    capsys: pytest.CaptureFixture[str],
    added: Files,
    paths: list[str],
    is_fixed: bool,
) -> None:
    (project / "pyproject.toml").touch()
    write_files(project, BINARY | added)
    main(["--fix-only", "--unsafe-fixes", *paths])
    assert capsys.readouterr().out == ("Fixed 1 finding.\n" if is_fixed else "No findings fixed.\n")
    after = {name: (project / name).read_text() for name in BINARY}
    assert after == (BINARY_FIXED if is_fixed else BINARY)


def test_a_folder_of_a_project_is_not_all_of_it(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "pyproject.toml").touch()
    write_files(project / "code", BINARY)
    monkeypatch.chdir(project / "code")
    user = project / "scripts" / "plot.py"
    write_files(project, {"scripts/plot.py": "from code.nets import Classifier\n"})
    main(["--diff", "--unsafe-fixes"])
    assert capsys.readouterr().err == "No findings would be fixed.\n"
    user.unlink()
    main(["--diff", "--unsafe-fixes"])
    assert capsys.readouterr().err == "Would fix 1 finding.\n"
