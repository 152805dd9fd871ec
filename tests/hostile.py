"""Linting a folder in which one file is hostile and one is healthy."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from losslint.cli.main import main

FAULT = b"import torch.nn.functional as F\nloss = F.cross_entropy(F.softmax(x, 1), y)\n"
TORCH = "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n"
SECONDS = 30.0
"""Of processor time for one hostile file; most take a hundredth of it."""


def lint(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Lints the current folder, in which ``healthy.py`` has a fault that must be found."""
    Path("healthy.py").write_bytes(FAULT)
    begin = time.process_time()
    code = main(["-f", "json", "."])
    spent = time.process_time() - begin
    captured = capsys.readouterr()
    assert code == 1, captured.err
    assert "Traceback" not in captured.err
    assert spent < SECONDS
    document: dict[str, Any] = json.loads(captured.out)
    healthy = [one for one in document["findings"] if one["path"] == "healthy.py"]
    assert [one["code"] for one in healthy] == ["LOS104"]
    assert not any("could not be analysed" in one["message"] for one in document["errors"])
    return document


def codes(document: dict[str, Any], name: str = "hostile.py") -> list[str]:
    return [one["code"] for one in document["findings"] if one["path"] == name]
