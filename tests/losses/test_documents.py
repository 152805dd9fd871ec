"""The Python on the pages about losses, and in docstrings, runs as it stands."""

from __future__ import annotations

import doctest
from types import ModuleType
from typing import Any

import pytest
import torch

from losslint.losses import distributed, multitask
from losslint.losses.training import template
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


@pytest.mark.parametrize("module", [distributed, multitask, template])
def test_the_examples_in_the_docstrings(module: ModuleType) -> None:
    failed, tried = doctest.testmod(module, extraglobs={"torch": torch})
    assert tried
    assert not failed
