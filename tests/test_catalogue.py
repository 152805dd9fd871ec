"""The catalogue of losses: complete, without torch, and its code runs."""

from __future__ import annotations

import ast
import builtins
import importlib
import math
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

import losslint.losses
import losslint.losses.functional
from losslint.catalogue import ENTRIES, Entry, find_entry
from losslint.catalogue.copying import standalone_source
from losslint.errors import UserError
from tests.conftest import Losslint

every_entry = pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)


def dotted(name: str) -> Any:
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(module), attribute)


@every_entry
def test_what_an_entry_names_is_there(entry: Entry) -> None:
    assert entry.function or entry.module
    if entry.function:
        assert callable(dotted(entry.function))
    if entry.module:
        assert callable(dotted(entry.module))


@every_entry
def test_an_entry_says_what_it_should(entry: Entry) -> None:
    assert entry.arguments
    assert entry.references
    for text in (entry.title, entry.formula, entry.when, entry.when_not):
        assert text.strip() == text != ""


@every_entry
def test_the_example_of_an_entry_runs(entry: Entry) -> None:
    torch.manual_seed(0)
    names: dict[str, Any] = {}
    exec(compile(entry.example, entry.name, "exec"), names)
    assert names["loss"].isfinite()


def test_every_loss_has_an_entry() -> None:
    listed = {entry.function for entry in ENTRIES} | {entry.module for entry in ENTRIES}
    functions = {f"losslint.losses.functional.{n}" for n in losslint.losses.functional.__all__}
    modules = {
        f"losslint.losses.{name}"
        for name in losslint.losses.__all__
        if isinstance(getattr(losslint.losses, name), type)
    }
    assert functions - listed == set()
    assert modules - listed == {"losslint.losses.TargetScaler"}


def test_names_are_unique() -> None:
    assert len({entry.name for entry in ENTRIES}) == len(ENTRIES)


@pytest.mark.parametrize("name", ["focal", "Focal", "focal_loss", "FocalLoss"])
def test_a_loss_is_found_by_any_of_its_names(name: str) -> None:
    assert find_entry(name).name == "focal"


def test_an_unknown_loss_is_told_with_the_nearest() -> None:
    with pytest.raises(UserError, match=r"unknown loss 'fokal'; did you mean 'focal'\?"):
        find_entry("fokal")
    with pytest.raises(UserError, match="`losslint losses` lists them all"):
        find_entry("qqqqqq")


def test_the_catalogue_imports_no_torch() -> None:
    code = "import sys, losslint.catalogue; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_losses_are_listed_by_group(losslint_: Losslint) -> None:
    result = losslint_("losses")
    assert result.code == 0
    headings = [line for line in result.out.splitlines()[:-1] if line and line[0] != " "]
    assert headings == list(dict.fromkeys(entry.group for entry in ENTRIES))
    assert "  focal   " in result.out


@every_entry
def test_a_loss_is_shown(entry: Entry, losslint_: Losslint) -> None:
    shown = losslint_("losses", "show", entry.name).out
    for part in (entry.formula, entry.when, entry.when_not, entry.example, *entry.references):
        assert part in shown
    for argument in entry.arguments:
        assert f"| `{argument.name}` | {argument.shape} | {argument.values} |" in shown


@pytest.mark.parametrize(
    "entry", [entry for entry in ENTRIES if not entry.is_from_torch], ids=lambda entry: entry.name
)
def test_the_source_of_a_loss_is_complete(entry: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    source = standalone_source(entry)
    copied = ModuleType(f"copied_{entry.name}")
    monkeypatch.setitem(sys.modules, copied.__name__, copied)
    exec(compile(source, entry.name, "exec"), vars(copied))
    for name in (entry.function, entry.module):
        if name is not None:
            assert callable(getattr(copied, name.rpartition(".")[2]))
    tree = ast.parse(source)
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    stored = {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    arguments = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    assert used - stored - arguments - set(vars(copied)) - set(vars(builtins)) <= local_names(tree)


def local_names(tree: ast.Module) -> set[str]:
    """The names of functions and classes within others, and of caught exceptions."""
    kinds = (ast.FunctionDef, ast.ClassDef, ast.ExceptHandler)
    return {node.name for node in ast.walk(tree) if isinstance(node, kinds) and node.name}


def test_a_loss_is_copied_as_a_file_that_runs_without_losslint(
    tmp_path: Path, losslint_: Losslint
) -> None:
    copied = tmp_path / "focal.py"
    copied.write_text(losslint_("losses", "copy", "focal").out)
    code = (
        "import sys, torch; sys.modules['losslint'] = None; from focal import FocalLoss; "
        "print(FocalLoss()(torch.zeros(1, 2), torch.zeros(1, dtype=torch.int64)).item())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert float(done.stdout) == pytest.approx(0.25 * math.log(2)), done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "fokal"], "error: unknown loss 'fokal'; did you mean 'focal'?"),
        (["copy", "mse"], "error: mse is torch's own: use torch.nn.MSELoss as it is"),
    ],
)
def test_what_cannot_be_shown_or_copied(
    arguments: list[str], message: str, losslint_: Losslint
) -> None:
    result = losslint_("losses", *arguments)
    assert (result.code, result.out) == (2, "")
    assert message in result.err
