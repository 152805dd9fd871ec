"""What a training script does now: its criteria, what they are given, and the task that shows.

The task is only named where the criteria leave one possibility; everything else is "cannot tell".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from losslint.advisor.evidence.verdict import Evidence
from losslint.advisor.walking import Answer, Origin
from losslint.analysis.criteria import Expects
from losslint.analysis.events import Event, LossCall, LossCalls
from losslint.analysis.session import analyse
from losslint.analysis.sizes import at, is_one, rank
from losslint.analysis.values import Act, Tensor
from losslint.errors import UserError
from losslint.run import Request, Setup, run
from losslint.source import Source

_CLASSES = frozenset({"CrossEntropyLoss", "NLLLoss", "NLLLoss2d"})
_BINARY = frozenset({"BCEWithLogitsLoss", "BCELoss", "MultiLabelSoftMarginLoss"})
_ERRORS = frozenset({"MSELoss", "L1Loss", "SmoothL1Loss", "HuberLoss"})
_TELLING: Mapping[str, tuple[str, str | None]] = {
    "PoissonNLLLoss": ("regression", "counts"),
    "GaussianNLLLoss": ("regression", "uncertainty"),
    "TripletMarginLoss": ("metric-learning", "triplets"),
    "TripletMarginWithDistanceLoss": ("metric-learning", "triplets"),
    "CosineEmbeddingLoss": ("metric-learning", "pairs"),
    "HingeEmbeddingLoss": ("metric-learning", "pairs"),
    "MarginRankingLoss": ("ranking", "pairs"),
    "CTCLoss": ("sequence", "ctc"),
}
_TOLD_BY_ANY_CALL = frozenset({("multiclass", None), *_TELLING.values()})
"""What several calls of its criterion say as well as one."""
_IMAGE_RANK = 4


def evidence_of_script(path: Path, given: Mapping[str, Answer]) -> Evidence:
    """Reads a training script, and names its task if nothing else is possible.

    Args:
        path: the script.
        given: what the user said; the task is believed.

    Raises:
        UserError: if the script cannot be read, or its task cannot be told and was not given.
    """
    try:
        source = Source.read(path.resolve())
    except OSError as problem:
        raise UserError(f"{path} cannot be read: {problem.strerror}") from problem
    analysis = analyse([source], top=source.path.parent)
    calls = list(_training_calls(analysis.events, source.path))
    answers = {} if "task" in given else _answers(path, calls)
    facts = [*dict.fromkeys(_fact(call) for call in calls), *_faults(path)]
    return Evidence(answers, facts or [f"{path}: no loss call in it is understood."])


def _faults(path: Path) -> Iterator[str]:
    outcome = run(Request(paths=[str(path)], setup=Setup(isolated=True)), lambda message: None)
    for found in outcome.report.findings:
        yield f"Line {found.span.line}, {found.code}: {found.message}. Instead: {found.help}."


def _answers(path: Path, calls: Sequence[LossCall]) -> dict[str, Answer]:
    told = {_task(call) for call in calls}
    if not told:
        raise UserError(
            f"cannot tell the task of {path}: no loss call in it is understood. Say it with --task"
        )
    if len({call.place for call in calls}) > 1:
        # adversaries, several tasks, views: what one criterion says of one call does not hold
        told = {found if found in _TOLD_BY_ANY_CALL else None for found in told}
    found = told.pop() if len(told) == 1 else None
    if found is None:
        names = ", ".join(sorted({call.criterion.name for call in calls}))
        raise UserError(
            f"cannot tell the task of {path} from its criteria ({names}). Say it with --task"
        )
    task, kind = found
    answers = {"task": task} if kind is None else {"task": task, "kind": kind}
    classes = {_outputs(call) for call in calls} if task == "multiclass" else set()
    if len(classes) == 1 and None not in classes:
        answers["classes"] = str(*classes)
    return {option: Answer(word, Origin.SCRIPT) for option, word in answers.items()}


def _training_calls(events: list[Event], path: Path) -> Iterator[LossCall]:
    """The calls of criteria in this file that are there to train something."""
    for event in events:
        if isinstance(event, LossCalls):
            for case in event.cases:
                call = case.call
                is_sure = not call.evaluating and not call.criterion.guessed
                if is_sure and call.place.file.path == path:
                    yield call


def _fact(call: LossCall) -> str:
    activation = call.activation
    is_known = activation is not None and activation is not Act.UNKNOWN
    given = activation.value if activation is not None and is_known else "nothing that is known"
    wants = call.criterion.expects
    expects = "" if wants is Expects.ANYTHING else f", and expects {wants.value}"
    return f"{call.title} is given `{call.given}` ({given}){expects}."


def _task(call: LossCall) -> tuple[str, str | None] | None:
    """Task and kind; None if the criterion leaves several."""
    name = call.criterion.name
    if name in _TELLING:
        return _TELLING[name]
    if not isinstance(call.input, Tensor):
        return None
    sizes = call.input.sizes
    dimensions = rank(sizes)
    if name in _CLASSES and dimensions in (2, _IMAGE_RANK):
        return ("multiclass", None) if dimensions == 2 else ("segmentation", "multiclass")
    if name in _CLASSES and _outputs(call) is not None:
        return "multiclass", None
    if name in _BINARY:
        if dimensions == _IMAGE_RANK:
            return "segmentation", "binary"
        outputs = at(sizes, -1)
        if dimensions == 1 or (outputs is not None and is_one(outputs)):
            return "binary", None
        return None if outputs is None else ("multilabel", None)
    if name in _ERRORS and (dimensions == 1 or is_one(at(sizes, -1))):
        return "regression", "mean"
    return None


def _outputs(call: LossCall) -> int | None:
    """How many classes the logits have, where it is known."""
    return at(call.input.sizes, -1) if isinstance(call.input, Tensor) else None
