"""The Python on the pages about losses runs as it stands."""

from __future__ import annotations

from typing import Any

import torch

from tests.test_docs import ROOT, blocks


def test_several_losses_in_one_training() -> None:
    torch.manual_seed(0)
    names: dict[str, Any] = {}
    for block in blocks(ROOT / "docs" / "several-losses.md", "python"):
        exec(compile(block, "several-losses.md", "exec"), names)
    assert names["measured"].ratio > 100
    weights = names["combine"].weights()
    assert weights["depth"] < 1 < weights["label"]
    assert names["loss"].isfinite()
