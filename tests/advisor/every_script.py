"""Every distinct script, with the loss imported and inlined, and with the wrong loss.

Not collected by itself, since it takes minutes: `make test-advice` runs it.
"""

import re
from pathlib import Path

import pytest

from losslint.advisor.standalone import on_its_own
from losslint.advisor.tree import Leaf
from losslint.cli.main import main
from tests.advisor.test_scripts import (
    check,
    check_the_wrong_loss,
    names_a_wrong_loss,
    one_thread,
    run,
    scripts,
)

__all__ = ["one_thread"]

ALONE = [
    pytest.param(text, leaf, id=leaf.name)
    for text, leaf in scripts().items()
    if "from losslint.losses" in text
]
SCRIPTS = [pytest.param(text, leaf, id=leaf.name) for text, leaf in scripts().items()]
WRONG = [
    pytest.param(text, leaf, id=leaf.name)
    for text, leaf in scripts().items()
    if names_a_wrong_loss(leaf)
]


@pytest.mark.parametrize(("text", "leaf"), SCRIPTS)
def test_a_script_starts_where_it_says_and_learns(text: str, leaf: Leaf) -> None:
    check(text, leaf)


@pytest.mark.parametrize(("text", "leaf"), ALONE)
def test_a_script_on_its_own_does_the_same(text: str, leaf: Leaf) -> None:
    alone = on_its_own(text)
    assert not re.search(r"^(from|import) losslint", alone, re.MULTILINE)
    measured, _ = run(alone)
    assert measured == run(text)[0]


def test_losslint_finds_nothing_in_any_script_on_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    alone = [on_its_own(text) for text in scripts() if "from losslint.losses" in text]
    for number, text in enumerate(alone):
        (tmp_path / f"script_{number}.py").write_text(text)
    code = main(["--isolated", "--select", "ALL", "--min-confidence", "low", str(tmp_path)])
    assert code == 0, capsys.readouterr().out


@pytest.mark.parametrize(("text", "leaf"), WRONG)
def test_the_wrong_loss_does_not_reach_it(text: str, leaf: Leaf) -> None:
    check_the_wrong_loss(text, leaf)
