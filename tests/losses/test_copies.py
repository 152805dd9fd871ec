"""The copied source of a loss does what the example on its page shows."""

from __future__ import annotations

import re
import sys
from types import ModuleType
from typing import Any

import pytest
import torch

import losslint.losses
import losslint.losses.functional
import losslint.losses.training
from losslint.catalogue import ENTRIES, Entry
from losslint.catalogue.copying import inlined, standalone_source

BESIDE = {
    "class_weights": losslint.losses.class_weights,
    "gan_discriminator_loss": losslint.losses.functional.gan_discriminator_loss,
    "mixed_loss": losslint.losses.training.mixed_loss,
}
"""What an example needs beside its loss."""
OURS = [entry for entry in ENTRIES if not entry.is_from_torch]


@pytest.mark.parametrize("entry", OURS, ids=lambda entry: entry.name)
def test_the_example_gives_the_same_with_a_copy(
    entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied = ModuleType("copied")
    monkeypatch.setitem(sys.modules, "copied", copied)
    copied.__dict__.update(BESIDE)
    exec(compile(standalone_source(entry), "copied.py", "exec"), copied.__dict__)
    example = re.sub(r"from losslint\S* import", "from copied import", entry.example)
    assert "losslint" not in example
    losses = []
    for source in (entry.example, example):
        torch.manual_seed(0)
        names: dict[str, Any] = {}
        exec(compile(source, entry.name, "exec"), names)
        losses.append(names["loss"])
    assert torch.equal(*losses)


def test_all_losses_fit_into_one_file() -> None:
    """No two of their helpers share a name, so that a script may carry any of them together."""
    wanted = [name for entry in OURS for name in (entry.function, entry.module) if name]
    both = inlined([(*name.rpartition(".")[::2],) for name in wanted])
    names: dict[str, Any] = {}
    exec(compile("\n".join((*both.imports, both.source)), "all.py", "exec"), names)
    assert all(name.rpartition(".")[2] in names for name in wanted)
