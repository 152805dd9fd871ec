"""What the decision tree is made of: questions, nodes, recommendations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer that a question offers."""

    name: str
    """As it is given on the command line."""
    says: str
    above: float | None = None
    """Numbers above this one, up to the next choice's, mean this choice."""
    typical: float | None = None
    """The number to count with where only the choice is known."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question; several may share an option where no path asks two of them."""

    name: str
    option: str
    """Its option on the command line, without the dashes."""
    asks: str
    find_out: str
    """How to find out, for who does not know."""
    choices: tuple[Choice, ...]
    default: str | None = None
    """The choice that is assumed without an answer; None if there is no sensible one."""
    typed: bool = False
    """It is answered by a number rather than picked from a list."""

    @property
    def takes_numbers(self) -> bool:
        """Whether a number is an answer."""
        return any(choice.above is not None for choice in self.choices)

    def choice(self, name: str) -> Choice | None:
        """The choice of that name."""
        return next((choice for choice in self.choices if choice.name == name), None)

    def choice_for(self, number: float) -> Choice | None:
        """The choice that a number means; None if it is below all of them."""
        fitting = [
            choice for choice in self.choices if choice.above is not None and number > choice.above
        ]
        return max(fitting, key=lambda choice: choice.above or 0.0, default=None)


@dataclass(frozen=True, slots=True)
class Node:
    """A place in the tree where a question decides."""

    name: str
    question: Question
    branches: Mapping[str, str]
    """The name of the next node or leaf for each choice."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another loss, and the condition under which it would be the choice."""

    when: str
    use: str
    why: str


@dataclass(frozen=True, slots=True)
class Avoid:
    """What not to use here."""

    what: str
    why: str
    rule: str | None = None
    """The code of the rule that finds it in a script."""


@dataclass(frozen=True, slots=True)
class Start:
    """What the loss reads before training."""

    formula: str | None
    """None where there is no closed form."""
    says: str
    """Where the value comes from, or why there is none."""


@dataclass(frozen=True, slots=True)
class Script:
    """How the training script of a recommendation is put together."""

    family: str
    """The file in the folder ``scripts`` that it is made from."""
    values: Mapping[str, str]
    """What its placeholders stand for."""
    reach: float | None = None
    """The score that the recommended criterion reaches."""
    wrong: str | None = None
    """What does not reach it."""
    instead_of: str | None = None
    """The part of the script that the wrong one replaces; the criterion if it is None."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A recommendation: the loss and everything around it."""

    name: str
    title: str
    loss: str
    """The code that builds it."""
    call: str
    """The code that calls it."""
    why: str
    head: str
    target: str
    inference: str
    metrics: tuple[str, ...]
    alternatives: tuple[Alternative, ...]
    avoid: tuple[Avoid, ...]
    references: tuple[str, ...]
    start: Start
    weights: str | None = None
    sampler: str | None = None
    notes: tuple[str, ...] = ()
    script: Script | None = None


@dataclass(frozen=True, slots=True)
class Tree:
    """The whole tree, checked."""

    root: str
    questions: Mapping[str, Question]
    nodes: Mapping[str, Node]
    leaves: Mapping[str, Leaf]
    references: Mapping[str, str]

    def paths(self) -> Iterator[tuple[tuple[tuple[Node, Choice], ...], Leaf]]:
        """Every way from the root to a recommendation, in the order of the choices."""
        yield from self._paths_from(self.root, ())

    def _paths_from(
        self, name: str, behind: tuple[tuple[Node, Choice], ...]
    ) -> Iterator[tuple[tuple[tuple[Node, Choice], ...], Leaf]]:
        if name in self.leaves:
            yield behind, self.leaves[name]
            return
        node = self.nodes[name]
        for choice in node.question.choices:
            if choice.name in node.branches:
                yield from self._paths_from(node.branches[choice.name], (*behind, (node, choice)))

    def questions_of(self, option: str) -> list[Question]:
        """The questions that an option answers."""
        return [question for question in self.questions.values() if question.option == option]

    def options(self) -> list[str]:
        """All options, in the order of their questions."""
        return list(dict.fromkeys(question.option for question in self.questions.values()))
