"""What a training script does now: its criteria, what they are given, and the task that shows.

The task is only named where the script leaves one possibility; everything else is "cannot tell".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from losslint.advisor.evidence.task import Told, told_by
from losslint.advisor.evidence.verdict import Evidence
from losslint.advisor.evidence.words import words_of
from losslint.advisor.walking import Answer, Origin
from losslint.analysis.domain.values import Act
from losslint.analysis.events import Backpropagation, Event, LossCall, LossCalls
from losslint.analysis.objective.criteria import Expects
from losslint.analysis.session import analyse
from losslint.errors import UserError
from losslint.finding import Span
from losslint.run import Request, Setup, run
from losslint.source import Source


def evidence_of_script(path: Path, given: Mapping[str, Answer]) -> Evidence:
    """Reads a training script, and names its task if nothing else is possible.

    Args:
        path: the script.
        given: what the user said; the task is believed.

    Raises:
        UserError: if the script cannot be read, or its task cannot be told and was not given.
    """
    told, calls = read_script(path)
    if "task" in given:
        told = Told(None)
    elif told.task is None:
        raise UserError(f"cannot tell the task of {path}: {told.why}. Say it with --task")
    why = [f"{told.why[0].upper()}{told.why[1:]}."] if told.why else []
    facts = [*why, *dict.fromkeys(_fact(call) for call in calls), *_faults(path)]
    return Evidence(_answers(told), facts or [f"{path}: no loss call in it is understood."])


def read_script(path: Path) -> tuple[Told, list[LossCall]]:
    """The task that a script shows, and the criteria that it calls in training.

    Raises:
        UserError: if the script cannot be read.
    """
    try:
        source = Source.read(path.resolve())
    except OSError as problem:
        raise UserError(f"{path} cannot be read: {problem.strerror}") from problem
    analysis = analyse([source], top=source.path.parent)
    calls = list(_training_calls(analysis.events))
    ends = [event for event in analysis.events if isinstance(event, Backpropagation)]
    # what it imports may hold models and losses for much else; what it calls there is its own
    files = {analysis.modules.get(source.path), *(call.place.file for call in calls)}
    words = words_of(file.text for file in files if file is not None)
    return told_by(words, calls, ends), calls


def _faults(path: Path) -> Iterator[str]:
    outcome = run(Request(paths=[str(path)], setup=Setup(isolated=True)), lambda message: None)
    for found in outcome.report.findings:
        yield f"{_line(found.span)}, {found.code}: {found.message}. Instead: {found.help}."


def _line(span: Span) -> str:
    return f"Line {span.line}" if span.cell is None else f"Cell {span.cell + 1}, line {span.line}"


def _answers(told: Told) -> dict[str, Answer]:
    words = {
        "task": told.task,
        "kind": told.kind,
        "classes": None if told.classes is None else str(told.classes),
    }
    return {
        option: Answer(word, Origin.SCRIPT) for option, word in words.items() if word is not None
    }


def _training_calls(events: Iterable[Event]) -> Iterator[LossCall]:
    """The calls of criteria that are there to train something."""
    for event in events:
        if isinstance(event, LossCalls):
            for case in event.cases:
                if not case.call.evaluating and not case.call.criterion.guessed:
                    yield case.call


def _fact(call: LossCall) -> str:
    activation = call.activation
    is_known = activation is not None and activation is not Act.UNKNOWN
    given = activation.value if activation is not None and is_known else "nothing that is known"
    wants = call.criterion.expects
    expects = "" if wants is Expects.ANYTHING else f", and expects {wants.value}"
    return f"{call.title} is given `{call.given}` ({given}){expects}."
