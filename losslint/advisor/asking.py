"""The questions asked in a terminal, one after the other, with a way back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from losslint.advisor.tree import Question, Tree
from losslint.advisor.walking import Answer, Origin, Walk, understand, walk
from losslint.errors import UserError

if TYPE_CHECKING:
    import questionary

_BACK, _NOT_SURE = "back", "not sure"


def ask(tree: Tree, given: Mapping[str, Answer]) -> Walk:
    """Walks to a recommendation, asking what is not given.

    Raises:
        KeyboardInterrupt: if the user leaves.
    """
    answers = dict(given)
    asked: list[str] = []
    while True:
        walked = walk(tree, answers, assume=False)
        question = walked.unanswered
        if question is None:
            return walked
        answer = _answer(question, can_go_back=bool(asked))
        if answer is None:
            del answers[asked.pop()]
        else:
            answers[question.option] = answer
            asked.append(question.option)


def _answer(question: Question, *, can_go_back: bool) -> Answer | None:
    """The answer, or None to go back to the question before."""
    while True:
        prompt = _typed if question.typed else _picked
        word = prompt(question, can_go_back)
        if word == _BACK:
            return None
        if word != _NOT_SURE:
            return Answer(word)
        _explain(question)
        if question.default is not None:
            return Answer(question.default, Origin.ASSUMED)


def _picked(question: Question, can_go_back: bool) -> str:
    import questionary

    choices: list[questionary.Choice] = [
        questionary.Choice(f"{choice.name}: {choice.says}", choice.name)
        for choice in question.choices
    ]
    choices.append(questionary.Choice(_NOT_SURE, _NOT_SURE))
    if can_go_back:
        choices.append(questionary.Choice(_BACK, _BACK))
    word: str = questionary.select(
        question.asks, choices, instruction="(arrow keys, then enter)"
    ).unsafe_ask()
    return word


def _typed(question: Question, can_go_back: bool) -> str:
    import questionary

    ways = f"a number, empty if {_NOT_SURE}"
    word: str = questionary.text(
        question.asks,
        instruction=f"({ways}, {_BACK!r} to go back)" if can_go_back else f"({ways})",
        validate=lambda word: _is_right(question, word, can_go_back),
    ).unsafe_ask()
    return word.strip() or _NOT_SURE


def _is_right(question: Question, word: str, can_go_back: bool) -> bool | str:
    if not word.strip() or (can_go_back and word.strip() == _BACK):
        return True
    try:
        understand(question, word)
    except UserError as problem:
        return str(problem)
    return True


def _explain(question: Question) -> None:
    import questionary

    questionary.print(f"  How to find out: {question.find_out}", style="italic")
    if question.default is not None:
        questionary.print(f"  Until then: {question.default}.")
