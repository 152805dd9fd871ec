"""What a run imports: never torch, and no more than it needs."""

import subprocess
import sys
from pathlib import Path

import pytest

WATCH = """
import sys
from losslint.cli.main import main
code = main(sys.argv[2:])
watched = sys.argv[1].split(",")
loaded = [name for name in watched if name in sys.modules]
sys.exit(f"imported {loaded}" if loaded else code)
"""

TRAIN = """
import torch
import torch.nn as nn
import torch.nn.functional as F

loss = F.cross_entropy(F.softmax(nn.Linear(3, 2)(x), dim=1), y)
"""


def run(folder: Path, watched: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WATCH, watched, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("format_", ["text", "concise", "json"])
def test_linting_imports_neither_torch_nor_numpy(tmp_path: Path, format_: str) -> None:
    (tmp_path / "train.py").write_text(TRAIN)
    result = run(tmp_path, "torch,numpy,libcst.matchers", "-f", format_, ".")
    assert (result.returncode, result.stderr) == (1, "")
    assert "LOS104" in result.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["--version"],
        ["--help"],
        ["rules"],
        ["explain", "LOS104"],
        ["advise", "--task", "binary"],
        ["checklist"],
        ["losses"],
        ["losses", "show", "focal"],
        ["losses", "copy", "focal"],
    ],
)
def test_what_reads_no_code_does_not_import_the_parser(
    tmp_path: Path, arguments: list[str]
) -> None:
    result = run(tmp_path, "libcst,torch,numpy", *arguments)
    assert (result.returncode, result.stderr) == (0, "")


def test_without_torch_the_losses_say_what_to_do() -> None:
    script = "import sys; sys.modules['torch'] = None; import losslint.losses"
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    last = result.stderr.splitlines()[-1]
    assert last.startswith("ImportError: losslint.losses needs torch 2.2 or newer")
    assert "pip install torch" in last
