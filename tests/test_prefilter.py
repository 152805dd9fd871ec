"""Which files of a large project are parsed: a broken one among them is told, another is not."""

from pathlib import Path

import pytest

from losslint.analysis.reading.prefilter import FEW, choose
from losslint.source import Source

TRAIN = "import torch\nloss = model(x).sum()\nloss.backward()\n"


def chosen(folder: Path, **texts: str) -> set[str]:
    """The names of those files that are parsed, in a project of many others."""
    for number in range(FEW + 1):
        texts[f"other{number}"] = "import os\n"
    for name, text in texts.items():
        (folder / f"{name}.py").write_text(text)
    return {path.stem for path in choose([Source.read(path) for path in folder.iterdir()])}


@pytest.mark.parametrize(
    "text",
    [
        "import torch.nn.functional as F\nprint(F.softmax(x, 1))\n",
        "probs = nn.Softmax(1)(x)\n",
        "from common import *\nclass Net(nn.Module):\n    def loss(self, x): return F.relu(x)\n",
        "def train(loss): loss.backward()\n",
        "from lightning import Trainer\ncriterion = build()\n",
        "def clip(accelerator, loss): accelerator.clip_grad_norm_(loss, 1)\n",
    ],
)
def test_what_may_hold_a_loss_is_parsed(text: str, tmp_path: Path) -> None:
    assert chosen(tmp_path, one=text) == {"one"}


@pytest.mark.parametrize(
    "text",
    [
        "conn.log(x)  # backward\n",
        "self.F.log(x)\n",
        "# Reads to EOF.\nlog(x)\n",
        "def log(x): 'a hardware accelerated logarithm'\n",
        "F = Fraction(1, 2)\nlog(F.limit_denominator(10))\n",
        "from fractions import Fraction as F\nlog(F.from_float(x))\n",
        "class Loss:\n    def hybrid_forward(self, F, x):\n        return F.softmax(x)\n",
        "for nn, x in backwards:\n    nn.log(x)\n",
    ],
)
def test_words_that_only_look_like_torch_are_not(text: str, tmp_path: Path) -> None:
    assert chosen(tmp_path, one=text, main="import torch\nfrom one import log\n") == set()


def test_scripts_that_import_a_loss_are_parsed(tmp_path: Path) -> None:
    script = "from train import fit\nfit()\n"
    assert chosen(tmp_path, train=TRAIN, script=script) == {"train", "script"}


def test_where_nothing_imports_torch_a_backward_leads_to_no_other_file(tmp_path: Path) -> None:
    turtle = "def retreat(turtle): turtle.backward(10)\n"
    script = "from turtles import retreat\n"
    assert chosen(tmp_path, turtles=turtle, script=script) == {"turtles"}
