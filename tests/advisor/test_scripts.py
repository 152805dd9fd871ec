"""The emitted scripts: they run, start where they say, learn, and losslint finds nothing in them.

Here each recommendation's script is run once, as it is without any numbers given, and once with
what is wrong for it, where something is named; `make test-advice` does so with every script.
"""

import contextlib
import io
import sys
import types
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import torch

from losslint.advisor.loading import load_tree
from losslint.advisor.scripting import compose
from losslint.advisor.tree import Leaf
from losslint.advisor.walking import Answer, walk
from losslint.cli.main import main

TREE = load_tree()


@cache
def scripts() -> dict[str, Leaf]:
    """Every distinct script, by its text, with its recommendation."""
    found: dict[str, Leaf] = {}
    for path, leaf in TREE.paths():
        walked = walk(TREE, {node.question.option: Answer(choice.name) for node, choice in path})
        found.setdefault(compose(leaf, walked.numbers()), leaf)
    return found


def first_scripts() -> Iterator[tuple[str, str]]:
    """The name of each recommendation, and the first of its scripts."""
    seen = set()
    for text, leaf in scripts().items():
        if leaf.name not in seen:
            seen.add(leaf.name)
            yield leaf.name, text


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    with torch.random.fork_rng(devices=[]):
        yield
    torch.set_num_threads(before)


def run(text: str) -> tuple[dict[str, float], str]:
    """What a script measures, and what it prints."""
    module = types.ModuleType("script")
    sys.modules[module.__name__] = module  # where dataclasses look for their module
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            exec(compile(text, "script.py", "exec"), module.__dict__)
            measured = module.main()
    finally:
        del sys.modules[module.__name__]
    return measured, printed.getvalue()


def with_the_wrong_loss(text: str, leaf: Leaf) -> str:
    assert leaf.script is not None
    right, wrong = leaf.script.instead_of, leaf.script.wrong
    if right is None:
        right, wrong = f"return {leaf.script.values['criterion']}", f"return {wrong}"
    assert wrong is not None
    assert right in text
    return text.replace(right, wrong).replace("criterion.pos_weight.item()", "1.0")


def check_the_wrong_loss(text: str, leaf: Leaf) -> None:
    """A loss that is wrong must not reach what the right one does; NaN is no score."""
    assert leaf.script is not None
    assert leaf.script.reach is not None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # torch's own, where it sees the mistake
        measured, _ = run(with_the_wrong_loss(text, leaf))
    assert not measured["score"] >= leaf.script.reach


def names_a_wrong_loss(leaf: Leaf) -> bool:
    return leaf.script is not None and leaf.script.wrong is not None


def check(text: str, leaf: Leaf) -> None:
    measured, printed = run(text)
    assert ("expected" in measured) is (leaf.start.formula is not None)
    if "expected" in measured:
        apart = abs(measured["first"] - measured["expected"])
        assert apart <= 0.2 * (abs(measured["expected"]) or 1.0)
    room = 1 - measured["constant"]
    assert measured["score"] > measured["constant"] + 0.1 * room
    assert f"{measured['score']:.3f}" in printed
    if leaf.script is not None and leaf.script.reach is not None:
        assert measured["score"] >= leaf.script.reach


@pytest.mark.parametrize(
    ("name", "text"), [pytest.param(*found, id=found[0]) for found in first_scripts()]
)
def test_a_script_starts_where_it_says_and_learns(name: str, text: str) -> None:
    check(text, TREE.leaves[name])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param(*found, id=found[0])
        for found in first_scripts()
        if names_a_wrong_loss(TREE.leaves[found[0]])
    ],
)
def test_the_wrong_loss_does_not_reach_it(name: str, text: str) -> None:
    check_the_wrong_loss(text, TREE.leaves[name])


def test_most_recommendations_name_a_wrong_loss() -> None:
    assert sum(map(names_a_wrong_loss, TREE.leaves.values())) > len(TREE.leaves) / 2


def test_losslint_finds_nothing_in_any_script(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, (text, leaf) in enumerate(scripts().items()):
        (tmp_path / f"{leaf.name}-{number}.py").write_text(text)
    code = main(["--isolated", "--select", "ALL", "--min-confidence", "low", str(tmp_path)])
    assert code == 0, capsys.readouterr().out


def test_every_recommendation_has_a_script() -> None:
    assert {leaf.name for leaf in scripts().values()} == set(TREE.leaves)
