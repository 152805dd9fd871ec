"""Files of the project that were not given, but import those that were."""

import io
import sys
from pathlib import Path

import pytest

import losslint.dependents
from losslint.analysis.reading.linker import Linker
from losslint.cli.main import main
from losslint.dependents import dependents
from losslint.source import Source
from tests.conftest import write
from tests.test_end_to_end import MODEL, TRAIN, lint

OTHER = "import torch\nloss = torch.log(x)\n"


def files(folder: Path, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def found(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    document = lint(capsys, *arguments)
    return [f"{one['code']} {one['path']}:{one['line']}" for one in document["findings"]]


@pytest.fixture
def pair(project: Path) -> Path:
    """A model, a script that trains it on the wrong loss, and a file that is about neither."""
    (project / "pyproject.toml").touch()
    write(project, model=MODEL, train=TRAIN, other=OTHER)
    return project


def test_a_model_alone_shows_what_it_does_to_the_loss(
    pair: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = lint(capsys, "model.py")
    (finding,) = document["findings"]
    assert (finding["code"], finding["path"], finding["line"]) == ("LOS104", "train.py", 11)
    assert "model.py" in {step["path"] for step in finding["related"]}
    assert document["summary"]["files"] == 1
    assert document["coverage"] == {"loss_calls": 1, "understood": 1}
    assert found(capsys, "other.py") == []
    assert lint(capsys, "other.py")["coverage"]["loss_calls"] == 0


def test_what_has_nothing_to_do_with_the_given_file_is_not_reported(
    pair: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loop = TRAIN.replace("optimizer.zero_grad()", "pass").replace("Net(32", "nn.Linear(32")
    write(pair, train=loop)
    assert found(capsys, ".") == ["LOS401 train.py:13"]
    assert found(capsys, "model.py") == []
    assert lint(capsys, "model.py")["coverage"]["loss_calls"] == 0


def test_text_shows_the_lines_of_both_files(pair: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["model.py"]) == 1
    out = capsys.readouterr().out
    assert "loss = criterion(model(x), y)" in out
    assert "nn.Softmax(dim=1)" in out
    assert out.endswith(
        "in 1 file. 1 loss call, 1 understood.\n"
        "No fixes available (1 hidden fix can be enabled with `--unsafe-fixes`).\n"
    )


def test_problems_of_other_files_are_theirs(pair: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(
        pair,
        broken="from model import Net\nloss.backward(\n",
        deep=f"from model import Net\nloss = {'(' * 1000}1{')' * 1000}\n",
        noted="from model import Net\nloss.backward()  # losslint: ignore[LOS104]\n",
    )
    document = lint(capsys, "model.py")
    assert [finding["code"] for finding in document["findings"]] == ["LOS104"]
    assert document["errors"] == []


def test_comments_and_settings_of_other_files_hold(
    pair: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    silenced = TRAIN.replace("(model(x), y)", "(model(x), y)  # losslint: ignore[LOS104] as it was")
    write(pair, train=silenced + "\nx = 1  # losslint: ignore[LOS104]\n")
    assert found(capsys, "model.py") == []
    write(pair, train=TRAIN)
    assert found(capsys, "model.py", "--exclude", "train.py") == []
    (pair / "losslint.toml").write_text('per-file-ignores = { "train.py" = ["LOS104"] }')
    assert found(capsys, "model.py") == []
    (pair / "losslint.toml").write_text('exclude = ["train.py"]')
    assert found(capsys, "model.py") == []


def test_a_loss_in_a_file_that_never_names_the_model(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head, script = TRAIN.split("if __name__")
    loop = head.replace("from model import Net\n", "")
    files(
        project,
        {
            ".git/config": "",
            "nets/model.py": MODEL,
            "nets/__init__.py": "from .model import Net\n",
            "loop.py": loop,
            "main.py": "import torch\nimport torch.nn as nn\nfrom loop import train_one_epoch\n"
            f"from nets import Net\n\nif __name__{script}",
        },
    )
    line = loop[: loop.index("loss = ")].count("\n") + 1
    assert found(capsys, "nets/model.py") == [f"LOS104 loop.py:{line}"]
    assert found(capsys, "nets/model.py", "--exclude", "loop.py") == []


def test_standard_input_under_the_name_of_a_file(
    pair: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def given(text: str, *arguments: str) -> list[str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        return found(capsys, "-", *arguments)

    assert given(MODEL, "--stdin-filename", "model.py") == ["LOS104 train.py:11"]
    fixed = MODEL.replace("            nn.Softmax(dim=1),\n", "")
    assert given(fixed, "--stdin-filename", "model.py") == []
    assert given(MODEL) == []


def test_how_far_the_project_goes(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    script = TRAIN.replace("from model", "from inner.model")
    files(project, {"inner/model.py": MODEL, "train.py": script})
    assert found(capsys, "inner/model.py") == ["LOS104 train.py:11"]
    monkeypatch.chdir(project / "inner")
    assert found(capsys, "model.py") == [], "nothing says that the two belong together"
    (project / "setup.py").touch()
    assert found(capsys, "model.py") == ["LOS104 ../train.py:11"]
    (project / "inner" / ".git").mkdir()
    assert found(capsys, "model.py") == [], "a repository of its own"
    (project / "losslint.toml").touch()
    assert found(capsys, "model.py") == [], "even under the settings of what is around it"


def test_a_huge_project_is_left_alone(
    pair: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(losslint.dependents, "MAX_FILES", 3)
    assert found(capsys, "model.py") == ["LOS104 train.py:11"]
    (pair / "more.py").touch()
    assert found(capsys, "model.py") == []
    (pair / "more.py").unlink()
    for number in range(300):
        (pair / f"{number}.png").touch()
    assert found(capsys, "model.py") == []


@pytest.mark.parametrize(
    ("text", "is_dependent"),
    [
        ("import nets.model\n", True),
        ("import os, nets.model as m\n", True),
        ("from nets.model import Net\n", True),
        ("from nets import (\n    other,  # no\n    model,\n)\n", True),
        ("from nets import *\n", True),
        ("def f():\n\tfrom nets.model import Net\n", True),
        ("from .nets.model import Net\n", True),
        ("from . nets import other\n", True),
        ("import model\n", False),
        ("from other.model import Net\n", False),
        ("from nets_model import Net\n", False),
        ("import torch.nn.modules\n", False),
        ("# model\nnets = model\n", False),
    ],
)
def test_what_imports_a_file(tmp_path: Path, text: str, is_dependent: bool) -> None:
    package = "nets/__init__.py"
    files(
        tmp_path,
        {"nets/model.py": "", package: "from . import model\n", "a.py": text, "b.py": "import a\n"},
    )
    target = (tmp_path / "nets" / "model.py").resolve()
    candidates = [Source.read((tmp_path / name).resolve()) for name in ("b.py", "a.py", package)]
    linker = Linker(tmp_path.resolve(), ())
    names = {source.path.name for source in dependents({target}, candidates, linker)}
    assert names == ({"__init__.py", "a.py", "b.py"} if is_dependent else {"__init__.py"})
