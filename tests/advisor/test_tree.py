"""The tree is whole: every way through it ends in a recommendation that says everything."""

import ast
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from losslint.advisor import loading
from losslint.advisor.loading import load_tree
from losslint.advisor.pages import markdown
from losslint.advisor.tables import KnowledgeError, Table, knowledge_file
from losslint.advisor.tree import Leaf
from losslint.advisor.walking import Answer, walk

TREE = load_tree()
PATHS = list(TREE.paths())
LEAVES = list(TREE.leaves.values())


def test_every_path_walked_by_its_answers_ends_in_its_recommendation() -> None:
    for path, leaf in PATHS:
        answers = {node.question.option: Answer(choice.name) for node, choice in path}
        walked = walk(TREE, answers)
        assert (walked.leaf, walked.unused, walked.assumed()) == (leaf, (), [])


def test_every_recommendation_has_a_path() -> None:
    assert {leaf.name for _, leaf in PATHS} == set(TREE.leaves)


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: leaf.name)
def test_the_code_of_a_recommendation_is_python(leaf: Leaf) -> None:
    ast.parse(leaf.loss)
    ast.parse(leaf.call)
    if "\n" in leaf.inference:
        ast.parse(leaf.inference)


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: leaf.name)
def test_the_page_of_a_recommendation_cites_and_measures(leaf: Leaf) -> None:
    page = markdown(TREE, walk(TREE, answers_to(leaf)), leaf, {"LOS104"})
    for heading in ("## What to measure", "## What else, and when", "## References"):
        assert heading in page or (heading == "## What else, and when" and not leaf.alternatives)
    assert leaf.title in page
    assert leaf.head in page


def answers_to(leaf: Leaf) -> dict[str, Answer]:
    path = next(path for path, found in PATHS if found is leaf)
    return {node.question.option: Answer(choice.name) for node, choice in path}


def test_no_weights_and_sampler_without_saying_that_one_is_enough() -> None:
    for leaf in LEAVES:
        if leaf.sampler is not None and "WeightedRandomSampler(" in leaf.sampler:
            assert "LOS506" in leaf.sampler, leaf.name


def test_every_reference_is_cited() -> None:
    cited = {key for leaf in LEAVES for key in leaf.references}
    assert cited == set(TREE.references)


def test_no_two_choices_of_an_option_are_mistaken_for_each_other() -> None:
    """Where questions share an option, the same word must not mean two things on one path."""
    for path, _ in PATHS:
        options = Counter(node.question.option for node, _ in path)
        assert max(options.values()) == 1


def broken(
    monkeypatch: pytest.MonkeyPatch, name: str, change: Callable[[dict[str, Any]], None]
) -> str:
    def read(asked: str) -> Table:
        values = dict(knowledge_file(asked).rest())
        if asked == name:
            change(values)
        return Table(values, asked)

    monkeypatch.setattr(loading, "knowledge_file", read)
    load_tree.cache_clear()
    try:
        with pytest.raises(KnowledgeError) as caught:
            load_tree()
    finally:
        load_tree.cache_clear()
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        (
            "ordinal.toml",
            lambda values: values["leaves"]["ordinal"].update(titel="x"),
            "unknown keys ['titel']",
        ),
        (
            "ordinal.toml",
            lambda values: values["recipes"]["ordinal"].pop("head"),
            "head is missing",
        ),
        (
            "ordinal.toml",
            lambda values: values["recipes"]["ordinal"].pop("start"),
            "ordinal says nothing about its first loss",
        ),
        (
            "ordinal.toml",
            lambda values: values["recipes"]["ordinal"]["script"].pop("reach"),
            "says no score to reach",
        ),
        (
            "ordinal.toml",
            lambda values: values["recipes"]["ordinal"].update(references=["nowhere"]),
            "references that are not there: nowhere",
        ),
        (
            "binary.toml",
            lambda values: values["nodes"]["binary/tried"].update(no="nowhere"),
            "leads to 'nowhere'",
        ),
        (
            "binary.toml",
            lambda values: values["nodes"]["binary/tried"].pop("no"),
            "no branch for 'no'",
        ),
        (
            "binary.toml",
            lambda values: values["nodes"]["binary/tried"].update(no="binary/labels"),
            "circle",
        ),
        (
            "binary.toml",
            lambda values: values["nodes"]["binary/tried"].update(no="binary-plain"),
            "nothing leads to: binary-extreme",
        ),
        (
            "questions.toml",
            lambda values: values["questions"]["noise"].update(default="loud"),
            "the default is none of the choices",
        ),
    ],
)
def test_a_tree_that_contradicts_itself_is_not_loaded(
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    change: Callable[[dict[str, Any]], None],
    said: str,
) -> None:
    assert said in broken(monkeypatch, name, change)
