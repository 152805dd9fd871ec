"""The task of a training script: what its words, its criteria and their inputs leave possible.

Words come first, since the same criterion trains a classifier, a discriminator and an encoder;
then the criteria and what they are given. Where these leave several tasks there is none.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

import libcst as cst

from losslint.advisor.evidence.signs import sign_of
from losslint.advisor.evidence.words import split
from losslint.analysis.domain.sizes import at, is_one, rank
from losslint.analysis.domain.values import Tensor, Value
from losslint.analysis.events import Backpropagation, Family, LossCall, LossTerm

_CLASSES = frozenset({"CrossEntropyLoss", "NLLLoss", "NLLLoss2d", "MultiMarginLoss"})
_BINARY = frozenset({"BCEWithLogitsLoss", "BCELoss", "SoftMarginLoss"})
_LABELS = frozenset({"MultiLabelSoftMarginLoss", "MultiLabelMarginLoss"})
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
_OBJECTIVES = {Family.CLASSIFICATION, Family.REGRESSION, Family.EMBEDDING}
_LABEL_WORDS = frozenset("label category species digit kind topic genre".split())
_TOKENS_RANK, _IMAGE_RANK = 3, 4


@dataclass(frozen=True, slots=True)
class Told:
    """What a script shows of its task."""

    task: str | None
    kind: str | None = None
    why: str = ""
    """What it was told by, or what stands in the way; empty where the criteria say it."""
    classes: int | None = None


def told_by(
    words: Mapping[str, str], calls: Sequence[LossCall], ends: Iterable[Backpropagation]
) -> Told:
    """The task that a script shows.

    Args:
        words: the words in it, each with a name that has it.
        calls: its criteria, as they are called to train something.
        ends: its calls of backward.
    """
    terms = [term for end in ends for loss in end.losses for term in _terms(loss)]
    if not calls and not terms and "backward" not in words:
        return Told(None, why="no loss call in it is understood")
    losses = {call.criterion.name for call in calls}
    arguments = {word for call in calls for word in _words_of_arguments(call)}
    sign = sign_of(words.keys(), losses, arguments)
    if sign is not None:
        return Told(sign.task, sign.kind, sign.in_words(words))
    if calls:
        return _by_criteria(calls, losses)
    if terms and all(term.family is Family.REGRESSION for term in terms):
        return Told("regression", "mean", "its loss is a squared error, written out")
    return Told(None, why="no loss call in it is understood")


def _terms(loss: Value) -> tuple[LossTerm, ...]:
    return loss.terms if isinstance(loss, Tensor) else ()


def _by_criteria(calls: Sequence[LossCall], losses: Set[str]) -> Told:
    if "CTCLoss" in losses:  # cross entropy beside it helps an attention decoder
        return Told(*_TELLING["CTCLoss"])
    if any(_are_two_tasks(one, other) for one in calls for other in calls):
        return Told("multitask", why="its losses are of different kinds, on outputs of their own")
    decisive = [call for call in calls if not _regularises(call, calls)]
    told = {_of_call(call) for call in decisive}
    found = told.pop() if len(told) == 1 else None
    if found is None:
        return Told(None, why=f"its criteria ({', '.join(sorted(losses))}) fit several")
    task, kind = found
    outputs = {_outputs(call) for call in decisive}
    classes = outputs.pop() if task == "multiclass" and len(outputs) == 1 else None
    return Told(task, kind, classes=classes if classes != 1 else None)


def _are_two_tasks(one: LossCall, other: LossCall) -> bool:
    """Whether two losses belong to two heads of one network, and ask for different things."""
    mine, theirs = _deps(one), _deps(other)
    if not mine & theirs or not mine - theirs or not theirs - mine:
        return False
    if not {one.criterion.family, other.criterion.family} <= _OBJECTIVES:
        return False
    outputs = _outputs(one), _outputs(other)
    return (
        one.criterion.family is not other.criterion.family
        or (one.criterion.name in _CLASSES) is not (other.criterion.name in _CLASSES)
        or (None not in outputs and outputs[0] != outputs[1])
    )


def _regularises(call: LossCall, calls: Iterable[LossCall]) -> bool:
    """Whether a call only adds to the criterion of classes that gets the same output."""
    if call.criterion.family is Family.CLASSIFICATION:
        return False
    return any(
        other.criterion.name in _CLASSES and not _deps(call).isdisjoint(_deps(other))
        for other in calls
    )


def _deps(call: LossCall) -> frozenset[Hashable]:
    """What the input of a criterion was made by."""
    return call.input.deps if isinstance(call.input, Tensor) else frozenset()


def _of_call(call: LossCall) -> tuple[str, str | None] | None:
    """Task and kind that a call shows; None if it leaves several."""
    name = call.criterion.name
    if name in _TELLING:
        return _TELLING[name]
    if name in _LABELS:
        return "multilabel", None
    if not isinstance(call.input, Tensor):
        return _by_names(call)
    sizes = call.input.sizes
    dimensions = rank(sizes)
    if name in _CLASSES:
        return _of_classes(call, dimensions)
    if name in _BINARY:
        return _of_yes_or_no(call, dimensions)
    if name in _ERRORS and (dimensions in (1, 2) or at(sizes, -1) is not None):
        return None if dimensions == _IMAGE_RANK else ("regression", "mean")
    return None


def _of_yes_or_no(call: LossCall, dimensions: int | None) -> tuple[str, str | None] | None:
    if dimensions == _IMAGE_RANK:
        return "segmentation", "binary"
    outputs = _outputs(call)
    if dimensions == 1 or (outputs is not None and is_one(outputs)):
        return "binary", None
    is_told = outputs is not None and dimensions != _TOKENS_RANK
    return ("multilabel", None) if is_told else None


def _of_classes(call: LossCall, dimensions: int | None) -> tuple[str, str | None] | None:
    if dimensions == _IMAGE_RANK:
        return "segmentation", "multiclass"
    if dimensions == _TOKENS_RANK:
        return "sequence", None
    if dimensions in (1, 2) or _outputs(call) is not None:
        return "multiclass", None
    return _by_names(call)


def _by_names(call: LossCall) -> tuple[str, str | None] | None:
    """Labels of images are classes, whatever the network that they are for."""
    is_known = call.criterion.name in _CLASSES and not _LABEL_WORDS.isdisjoint(
        _words_of_arguments(call)
    )
    return ("multiclass", None) if is_known else None


def _outputs(call: LossCall) -> int | None:
    """How many classes the logits have, where it is known."""
    return at(call.input.sizes, -1) if isinstance(call.input, Tensor) else None


def _words_of_arguments(call: LossCall) -> Iterable[str]:
    node = call.place.node
    waiting: list[cst.CSTNode] = list(node.args) if isinstance(node, cst.Call) else []
    names: list[str] = []
    while waiting:
        part = waiting.pop()
        if isinstance(part, cst.Name | cst.SimpleString):
            names.append(part.value)
        waiting.extend(part.children)
    return split(names)
