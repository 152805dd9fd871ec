"""What the documents show is what the program prints."""

import inspect
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from losslint.analysis.reading.stated import KINDS
from losslint.cli.main import main
from losslint.config import _KEYS, read_settings
from losslint.rule import Rule, installed_rules
from tests.conftest import Losslint, write

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parent.parent
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    ROOT / "docs" / "rules" / "README.md",
    *sorted((ROOT / "benchmarks").rglob("README.md")),
]
LEFT_OUT = "[...]"


def blocks(page: Path, language: str) -> list[str]:
    found = re.findall(
        rf"^```{language}\n(.*?)^```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    return [str(block) for block in found]


def commands() -> Iterator[tuple[str, str]]:
    """Each ``$ losslint ...`` in a console block, with the output that is shown below it."""
    for page in PAGES:
        for block in blocks(page, "console"):
            for command, output in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE):
                if command.startswith("losslint"):
                    yield command, output


@pytest.mark.parametrize(("command", "expected"), list(commands()))
def test_shown_output_is_what_the_command_prints(
    tmp_path: Path, command: str, expected: str
) -> None:
    """A line ``[...]`` stands for lines that are left out; commands without output are not run."""
    if not expected:
        return
    result = subprocess.run(
        [sys.executable, "-m", *shlex.split(command)],
        cwd=ROOT if "fixtures/" in command else tmp_path,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "COLUMNS": "100", "PYTHONUTF8": "1", "NO_COLOR": "1"},
        check=False,
    )
    printed = result.stdout + result.stderr
    position = 0
    for piece in re.split(rf"^{re.escape(LEFT_OUT)}\n", expected, flags=re.MULTILINE):
        at = printed.find(piece, position)
        assert at >= 0, f"{command} does not print:\n{piece}\nbut:\n{printed}"
        position = at + len(piece)


def shape(document: Any) -> Any:
    """The keys of a document, without its values."""
    if isinstance(document, dict):
        return {key: shape(value) for key, value in document.items() if not key.startswith("LOS")}
    if isinstance(document, list):
        return [shape(document[0])]
    return None


def test_the_documented_json_has_the_keys_of_the_real_one(
    project: Path, losslint_: Losslint
) -> None:
    write(project, a="LOS104(x, fix='y')\n", b="def f(:\n")
    real = json.loads(losslint_("-f", "json", "--select", "LOS104").out)
    (documented,) = blocks(ROOT / "docs" / "json.md", "json")
    assert shape(json.loads(documented)) == shape(real)
    table = re.findall(
        r"^\| (`.*?) \|", (ROOT / "docs" / "json.md").read_text("utf-8"), re.MULTILINE
    )
    described = set(re.findall(r"`(\w+)`", " ".join(table)))
    assert described >= set(real) | set(real["findings"][0]) - {"message", "help"}


def test_the_documented_settings_are_valid_and_complete(tmp_path: Path) -> None:
    page = ROOT / "docs" / "settings.md"
    text = blocks(page, "toml")[0]
    (tmp_path / "packages").mkdir()
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "our_rules.py").touch()
    file = tmp_path / "pyproject.toml"
    file.write_text(text, "utf-8")
    assert read_settings(file).select is not None
    assert set(tomllib.loads(text)["tool"]["losslint"]) == set(_KEYS)
    described, words = re.findall(
        r"^\| (?:key|word) .*\n((?:\|.*\n)*)", page.read_text(), re.MULTILINE
    )
    assert set(re.findall(r"^\| `([\w-]+)`", described, re.MULTILINE)) == set(_KEYS)
    assert set(re.findall(r"^\| `([\w-]+)`", words, re.MULTILINE)) == set(KINDS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


def test_nobody_is_told_to_install_the_namesake() -> None:
    for page in PAGES:
        assert not re.search(r"pip install (-\S+ )*losslint\b", page.read_text("utf-8"))


def test_the_hook_runs(project: Path) -> None:
    text = (ROOT / ".pre-commit-hooks.yaml").read_text("utf-8")
    (entry,) = re.findall(r"entry: (.*)", text)
    (project / "train.py").write_text("x = 1\n")
    done = subprocess.run(
        [sys.executable, "-m", *shlex.split(entry), "train.py"],
        cwd=project,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_documented_rule_runs(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rule, *_, test = blocks(ROOT / "docs" / "writing-rules.md", "python")
    compile(test, "test_fixtures.py", "exec")
    (project / "our_rules.py").write_text(rule, "utf-8")
    (project / "losslint.toml").write_text('local-rules = ["our_rules.py"]')
    write(
        project,
        train="""
import torch.nn as nn

criterion = nn.MSELoss()
loss = criterion(nn.Linear(3, 1)(x), y)
loss.backward()
""",
    )
    assert main(["-f", "concise", "-q", "--allow-local-rules", "train.py"]) == 1
    assert capsys.readouterr().out == (
        "train.py:5:8: OURS001 warning: `criterion` (MSELoss) lets outliers decide\n"
    )


@pytest.mark.parametrize("page", [ROOT / "README.md", ROOT / "docs" / "losses.md"], ids=str)
def test_the_documented_losses_run(page: Path) -> None:
    codes = blocks(page, "python")
    assert codes
    for code in codes:
        exec(compile(code, str(page), "exec"), {})


def test_every_event_is_documented() -> None:
    text = (ROOT / "docs" / "writing-rules.md").read_text("utf-8")
    methods = {name for name in vars(Rule) if name.startswith("check_")}
    assert set(re.findall(r"^\| `(check_\w+)`", text, re.MULTILINE)) == methods


def test_the_pages_of_the_rules_are_up_to_date(tmp_path: Path, losslint_: Losslint) -> None:
    """``make pages`` writes them."""
    assert losslint_("--rules", "--isolated", "--pages", str(tmp_path / "rules")).code == 0
    made, kept = (
        {page.name: page.read_text("utf-8") for page in folder.iterdir()}
        for folder in (tmp_path / "rules", ROOT / "docs" / "rules")
    )
    assert made == kept


def test_pages_that_cannot_be_written(tmp_path: Path, losslint_: Losslint) -> None:
    (tmp_path / "file").touch()
    result = losslint_("--rules", "--pages", str(tmp_path / "file"))
    assert result.code == 2
    assert "cannot be written" in result.err


def test_the_readme_names_every_family_of_rules() -> None:
    table = re.findall(r"^\| (LOS\d) \|", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    ours = [rule for rule in installed_rules() if rule.__module__.startswith("losslint_rules")]
    assert set(table) == {rule.code[:4] for rule in ours}


def test_every_rule_with_a_fix_says_so() -> None:
    rules = [rule for rule in installed_rules() if rule.__module__.startswith("losslint_rules")]
    table = (ROOT / "docs" / "fixes.md").read_text("utf-8").partition("## What is fixed")[2]
    rows = re.findall(r"^\| (LOS.*?) \|", table, re.MULTILINE)
    listed = {code for row in rows for code in row.split(", ")}
    offering = {
        rule
        for rule in rules
        if "losslint.rewriting" in Path(inspect.getfile(rule)).read_text("utf-8")
    }
    assert {rule for rule in rules if rule.offers_fix()} == offering
    assert {rule.code for rule in offering} == listed
