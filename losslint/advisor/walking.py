"""From answers to a recommendation: one walk from the root of the tree to a leaf."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from losslint.advisor.tree import Choice, Leaf, Node, Question, Tree
from losslint.errors import UserError, did_you_mean


class Origin(Enum):
    """Where an answer comes from."""

    GIVEN = "given"
    ASSUMED = "assumed"
    DATA = "data"
    SCRIPT = "script"

    __hash__ = object.__hash__


@dataclass(frozen=True, slots=True)
class Answer:
    """What was said to a question: the name of a choice, or a number."""

    word: str
    origin: Origin = Origin.GIVEN


@dataclass(frozen=True, slots=True)
class Step:
    """One question on the way, with the choice that was taken."""

    node: Node
    choice: Choice
    number: float | None
    origin: Origin

    @property
    def question(self) -> Question:
        """The question that was asked here."""
        return self.node.question


@dataclass(frozen=True, slots=True)
class Walk:
    """The steps that were taken, and where they led."""

    steps: tuple[Step, ...]
    leaf: Leaf | None
    unanswered: Question | None
    """The question that stopped the walk, where it led to no leaf."""
    unused: tuple[str, ...] = ()
    """Options that were answered and never asked for."""

    def numbers(self) -> dict[str, float]:
        """The number to count with for each option that has one."""
        found = {}
        for step in self.steps:
            number = step.number if step.number is not None else step.choice.typical
            if number is not None:
                found[step.question.option] = number
        return found

    def assumed(self) -> list[Step]:
        """The steps that nobody answered."""
        return [step for step in self.steps if step.origin is Origin.ASSUMED]


def walk(tree: Tree, answers: Mapping[str, Answer], *, assume: bool = True) -> Walk:
    """Follows the answers from the root.

    Args:
        tree: the decision tree.
        answers: by option.
        assume: take the default of a question without an answer; else stop there. A question
            without a default stops the walk in any case.

    Raises:
        UserError: if an answer is none of the choices; the message lists them.
    """
    steps: list[Step] = []
    name = tree.root
    while name in tree.nodes:
        node = tree.nodes[name]
        question = node.question
        answer = answers.get(question.option)
        if answer is None and assume and question.default is not None:
            answer = Answer(question.default, Origin.ASSUMED)
        if answer is None:
            return Walk(tuple(steps), None, question)
        choice, number = understand(question, answer.word)
        steps.append(Step(node, choice, number, answer.origin))
        name = node.branches[choice.name]
    asked = {step.question.option for step in steps}
    unused = tuple(option for option in answers if option not in asked)
    return Walk(tuple(steps), tree.leaves[name], None, unused)


def understand(question: Question, word: str) -> tuple[Choice, float | None]:
    """The choice that a word names or a number means.

    Raises:
        UserError: if it is neither.
    """
    given = word.strip().casefold()
    choice = question.choice(given) or question.choice(given.replace("_", "-"))
    if choice is not None:
        return choice, None
    if question.takes_numbers:
        number = _number(given)
        if number is not None:
            meant = question.choice_for(number)
            if meant is not None:
                return meant, number
    raise UserError(
        f"--{question.option} {word}: not one of {_valid(question)}"
        f"{did_you_mean(word, [choice.name for choice in question.choices])}"
    )


def check_options(tree: Tree, answers: Mapping[str, Answer]) -> None:
    """Checks words whose question may not be on the way, so that no misspelt one is overlooked.

    Raises:
        UserError: if an option is not there, or no question of the option knows the word; the
            message lists the answers to those that the other answers can lead to.
    """
    reachable = set(_reachable(tree, answers, tree.root))
    for option, answer in answers.items():
        questions = tree.questions_of(option)
        if not questions:
            raise UserError(
                f"there is no question {option!r}{did_you_mean(option, tree.options()) or '.'} "
                f"The questions are {', '.join(tree.options())}"
            )
        asked = [question for question in questions if question.name in reachable]
        problems = [_problem(question, answer.word) for question in asked or questions]
        if None in problems:
            continue
        if not asked:
            raise UserError(
                f"--{option} {answer.word}: nothing asks for --{option} with the other answers"
            )
        if len(asked) == 1 and problems[0] is not None:
            raise problems[0]
        names = list(dict.fromkeys(choice.name for one in asked for choice in one.choices))
        raise UserError(
            f"--{option} {answer.word}: not one of {', '.join(names)}"
            f"{did_you_mean(answer.word, names) or '.'} Which of them fit depends on --{tree.root}"
        )


def _reachable(tree: Tree, answers: Mapping[str, Answer], name: str) -> Iterator[str]:
    """The questions that may be asked, with the answers as far as they are understood."""
    if name not in tree.nodes:
        return
    node = tree.nodes[name]
    yield node.question.name
    answer = answers.get(node.question.option)
    branches = set(node.branches.values())
    if answer is not None and _problem(node.question, answer.word) is None:
        branches = {node.branches[understand(node.question, answer.word)[0].name]}
    for branch in branches:
        yield from _reachable(tree, answers, branch)


def _problem(question: Question, word: str) -> UserError | None:
    """What is wrong with an answer."""
    try:
        understand(question, word)
    except UserError as problem:
        return problem
    return None


def _valid(question: Question) -> str:
    names = ", ".join(choice.name for choice in question.choices)
    if not question.takes_numbers:
        return names
    least = min(choice.above for choice in question.choices if choice.above is not None)
    return f"{names}, or a number above {least:g}"


def _number(word: str) -> float | None:
    try:
        number = float(word)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
