"""The decision tree, read from the folder ``knowledge`` and checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import TypeVar

from losslint.advisor.tables import KnowledgeError, Table, knowledge_file
from losslint.advisor.tree import (
    Alternative,
    Avoid,
    Choice,
    Leaf,
    Node,
    Question,
    Script,
    Start,
    Tree,
)

_ROOT = "task"
_TASKS = (
    "binary",
    "multiclass",
    "multilabel",
    "ordinal",
    "regression",
    "segmentation",
    "detection",
    "ranking",
    "metric_learning",
    "self_supervised",
    "sequence",
    "generative",
    "distillation",
    "multitask",
)
Named = TypeVar("Named", Node, Leaf)


@cache
def load_tree() -> Tree:
    """The tree.

    Raises:
        KnowledgeError: if the files contradict themselves.
    """
    asked = knowledge_file("questions.toml")
    questions = {name: _question(name, table) for name, table in asked.named("questions").items()}
    nodes = {name: _node(name, table, questions) for name, table in asked.named("nodes").items()}
    asked.end()
    references = knowledge_file("references.toml").strings()
    leaves: dict[str, Leaf] = {}
    for task in _TASKS:
        file = knowledge_file(f"{task}.toml")
        recipes = file.table("recipes")
        shared = dict(recipes.rest()) if recipes is not None else {}
        for name, table in file.named("nodes").items():
            _add(nodes, _node(name, table, questions), file)
        for name, table in file.named("leaves").items():
            recipe = table.text("recipe")
            _add(
                leaves,
                _leaf(name, table, Table(shared.get(recipe), f"{file.where}.{recipe}")),
                file,
            )
        file.end()
    tree = Tree(_ROOT, questions, nodes, leaves, references)
    _check(tree)
    return tree


def _add(known: dict[str, Named], new: Named, file: Table) -> None:
    if new.name in known:
        raise KnowledgeError(f"{file.where}: {new.name} is there twice")
    known[new.name] = new


def _question(name: str, table: Table) -> Question:
    question = Question(
        name,
        table.optional_text("option") or name,
        table.text("asks"),
        table.text("find_out"),
        tuple(_choice(choice) for choice in table.tables("choices")),
        table.optional_text("default"),
        table.flag("typed"),
    )
    table.end()
    if question.default is not None and question.choice(question.default) is None:
        raise KnowledgeError(f"{table.where}: the default is none of the choices")
    if len({choice.name for choice in question.choices}) < max(2, len(question.choices)):
        raise KnowledgeError(f"{table.where}: fewer than two choices, or one twice")
    return question


def _choice(table: Table) -> Choice:
    choice = Choice(
        table.text("name"), table.text("says"), table.number("above"), table.number("typical")
    )
    table.end()
    return choice


def _node(name: str, table: Table, questions: Mapping[str, Question]) -> Node:
    asks = table.text("ask")
    if asks not in questions:
        raise KnowledgeError(f"{table.where}: there is no question {asks!r}")
    question = questions[asks]
    branches = table.strings()
    for choice in question.choices:
        if choice.name not in branches:
            raise KnowledgeError(f"{table.where}: no branch for {choice.name!r}")
    if len(branches) > len(question.choices):
        raise KnowledgeError(f"{table.where}: a branch for what is no choice of {asks!r}")
    return Node(name, question, branches)


def _leaf(name: str, own: Table, recipe: Table) -> Leaf:
    """A leaf, with what its recipe says wherever it says nothing itself."""

    def optional(key: str) -> str | None:
        above = recipe.optional_text(key)
        return own.optional_text(key) or above

    def text(key: str) -> str:
        return optional(key) or own.text(key)

    def both(key: str) -> tuple[str, ...]:
        return (*own.texts(key), *recipe.texts(key))

    common_metrics = recipe.texts("metrics")
    metrics = own.texts("metrics") or common_metrics
    leaf = Leaf(
        name=name,
        title=text("title"),
        loss=text("loss"),
        call=text("call"),
        why=text("why"),
        head=text("head"),
        target=text("target"),
        inference=text("inference"),
        metrics=metrics,
        alternatives=tuple(
            _alternative(table)
            for table in (*own.tables("alternatives"), *recipe.tables("alternatives"))
        ),
        avoid=tuple(_avoid(table) for table in (*own.tables("avoid"), *recipe.tables("avoid"))),
        references=tuple(dict.fromkeys(both("references"))),
        weights=optional("weights"),
        sampler=optional("sampler"),
        start=_start(name, own.table("start"), recipe.table("start")),
        notes=both("notes"),
        script=_script(own.table("script"), recipe.table("script")),
    )
    own.end()
    recipe.end()
    return leaf


def _start(leaf: str, own: Table | None, common: Table | None) -> Start:
    table = own or common
    if table is None:
        raise KnowledgeError(f"{leaf} says nothing about its first loss")
    formula = table.optional_text("formula")
    says = table.text("says")
    table.end()
    return Start(formula, says)


def _alternative(table: Table) -> Alternative:
    found = Alternative(table.text("when"), table.text("use"), table.text("why"))
    table.end()
    return found


def _avoid(table: Table) -> Avoid:
    found = Avoid(table.text("what"), table.text("why"), table.optional_text("rule"))
    table.end()
    return found


def _script(own: Table | None, common: Table | None) -> Script | None:
    values: dict[str, str] = {}
    for table in (common, own):
        values |= {} if table is None else table.strings()
    if "family" not in values:
        return None
    family, reach = values.pop("family"), values.pop("reach", None)
    wrong, instead_of = values.pop("wrong", None), values.pop("instead_of", None)
    if wrong is not None and reach is None:
        raise KnowledgeError(f"the script with {wrong!r} as what is wrong says no score to reach")
    return Script(family, values, None if reach is None else float(reach), wrong, instead_of)


def _check(tree: Tree) -> None:
    """Checks what no single table shows: that names lead somewhere and nothing is unused."""
    known = {*tree.nodes, *tree.leaves}
    reached = {tree.root}
    for node in tree.nodes.values():
        for branch in node.branches.values():
            if branch not in known:
                raise KnowledgeError(f"{node.name} leads to {branch!r}, which is not there")
            reached.add(branch)
    _acyclic(tree)
    _none_left("nodes and leaves that nothing leads to", known - reached)
    _none_left("nodes that are also leaves", tree.nodes.keys() & tree.leaves.keys())
    cited = {key for leaf in tree.leaves.values() for key in leaf.references}
    _none_left("references that are not there", cited - tree.references.keys())
    _none_left(
        "leaves without a reference or a metric",
        [leaf.name for leaf in tree.leaves.values() if not leaf.references or not leaf.metrics],
    )
    asked = {node.question.name for node in tree.nodes.values()}
    _none_left("questions that are never asked", tree.questions.keys() - asked)


def _acyclic(tree: Tree) -> None:
    done: set[str] = set()

    def visit(name: str, behind: tuple[str, ...], asked: tuple[str, ...]) -> None:
        if name in behind:
            raise KnowledgeError(f"the tree runs in a circle: {' -> '.join((*behind, name))}")
        if name in tree.leaves:
            done.add(name)
            return
        node = tree.nodes[name]
        if node.question.option in asked:
            raise KnowledgeError(f"{name} asks for --{node.question.option} a second time")
        for branch in node.branches.values():
            visit(branch, (*behind, name), (*asked, node.question.option))

    visit(tree.root, (), ())


def _none_left(what: str, names: Iterable[str]) -> None:
    if left := sorted(names):
        raise KnowledgeError(f"{what}: {', '.join(left)}")
