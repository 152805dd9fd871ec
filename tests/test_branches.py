"""What is said of mixed precision and full precision in two branches of one loop."""

from __future__ import annotations

from pathlib import Path

import pytest

from losslint.cli.main import main
from tests.conftest import write

_TRAIN = """
import torch
from torch import nn

model = nn.Linear(4, 2)
optimizer = torch.optim.Adam(model.parameters())
scaler = torch.cuda.amp.GradScaler()


def train(loader, mixed):
    for x, y in loader:
        if not mixed:
            {zeroed}
            nn.functional.cross_entropy(model(x), y).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        else:
            with torch.autocast("cuda"):
                loss = nn.functional.cross_entropy(model(x), y)
            scaler.scale(loss).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            scaler.step(optimizer)
            scaler.update()
"""


def test_zeroing_in_the_other_branch_is_not_before_another_step(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(project, train=_TRAIN.format(zeroed="optimizer.zero_grad()"))
    main(("-q", "--select", "LOS401"))
    said = capsys.readouterr().out
    assert "between its steps: each step uses the sum" in said
    assert "zeroed here, but only in another branch" in said
    assert "second time" not in said


def test_gradients_are_unscaled_by_the_step_of_their_own_branch(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(project, train=_TRAIN.format(zeroed="pass"))
    main(("-q", "--select", "LOS406"))
    lines = capsys.readouterr().out.splitlines()
    at = next(number for number, line in enumerate(lines) if "unscaled here at last" in line)
    assert "scaler.step(optimizer)" in lines[at - 1]
    assert not any("optimizer.step()" in line for line in lines)
