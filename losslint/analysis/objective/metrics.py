"""How a program judges its model, and whether it corrects for classes of unequal size."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from losslint.analysis.domain.values import Const, TargetKind, Tensor, Unknown, Value
from losslint.analysis.events import AccuracyAlone
from losslint.analysis.objective.watched import read_out

if TYPE_CHECKING:
    import libcst as cst

    from losslint.analysis.domain.scope import Module
    from losslint.analysis.domain.trail import Place
    from losslint.analysis.interpreter import Interpreter

_OTHERS = re.compile(
    r"f1|f_?beta|auc|roc|recall|(?<!mixed)(?<!half)(?<!single)(?<!double)[\W_]precision(?!=)|"
    r"confusion|balanced_acc|kappa|matthews|mcc|sensitiv|specific(ity|ities)|iou|jaccard|dice|"
    r"classification_report|per[ _-]class|class[ _-]?acc|average_precision|"
    r"true_pos|false_(pos|neg)|\b(tp|fp|fn)\b",
    re.IGNORECASE,
)
"""Names of measures that tell classes apart."""


@dataclass(slots=True)
class Metrics:
    """What was seen, by the module that was run."""

    accuracies: dict[Module, Place] = field(default_factory=dict)
    """Where decisions of the model are first compared with labels, best without a gradient."""
    judged: set[Module] = field(default_factory=set)
    """Modules with an accuracy that is computed without gradients."""
    corrections: dict[Module, Place] = field(default_factory=dict)
    """Where the imbalance of the classes is first made up for."""
    apart: set[Module] = field(default_factory=set)
    """Modules that look at one class by itself."""


def compared(run: Interpreter, left: Value, right: Value, node: cst.CSTNode) -> None:
    """Notes what it says of the metrics of a program that two values are compared."""
    for one, other in ((left, right), (right, left)):
        if not _is_decision(one):
            continue
        if isinstance(other, Const):
            run.seen.metrics.apart.add(_program(run))
        elif isinstance(other, Unknown) or (type(other) is Tensor and not _is_decision(other)):
            accuracy(run, run.place(node))
            if type(one) is Tensor:
                read_out(run, one)
        return


def _is_decision(value: Value) -> bool:
    """Whether a value is what a model decides for: the index of a maximum, or above a bound."""
    if type(value) is not Tensor or value.grad or not value.deps:
        return False
    return value.target is TargetKind.INDICES or value.mask is not None


def accuracy(run: Interpreter, place: Place) -> None:
    """Notes that an accuracy is computed."""
    program, metrics = _program(run), run.seen.metrics
    if program not in metrics.accuracies or (run.no_grad and program not in metrics.judged):
        metrics.accuracies[program] = place
    if run.no_grad:
        metrics.judged.add(program)


def corrected(run: Interpreter, place: Place) -> None:
    """Notes that weights or a sampler make up for the imbalance of the classes."""
    run.seen.metrics.corrections.setdefault(_program(run), place)


def _program(run: Interpreter) -> Module:
    return run.frames[0].scope.module


def accuracies_alone(run: Interpreter) -> Iterator[AccuracyAlone]:
    """Accuracies in programs that correct for an imbalance and measure nothing else."""
    telling: dict[str, bool] = {}
    for program, place in run.seen.metrics.accuracies.items():
        correction = run.seen.metrics.corrections.get(program)
        if correction is None or program in run.seen.metrics.apart:
            continue
        if not _tells_apart(run, program, telling):
            yield AccuracyAlone(place, correction)


def _tells_apart(run: Interpreter, program: Module, known: dict[str, bool]) -> bool:
    """Whether any file of a program names a measure that tells classes apart."""
    folder = program.source.path.parent
    for path, parsed in run.project.parsed.items():
        if path.is_relative_to(folder):
            key = str(path)
            if key not in known:
                known[key] = bool(_OTHERS.search(parsed.text))
            if known[key]:
                return True
    return False
