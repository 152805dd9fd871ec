"""From events to diagnoses: asks the rules, and settles how sure each finding is."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from losslint.agreement import Agreement
from losslint.analysis.events import (
    Accumulation,
    AccuracyAlone,
    Backpropagation,
    CriterionBuilt,
    CustomLoss,
    Event,
    ForcedGradient,
    GradientClip,
    IdleStep,
    ImplicitDim,
    LossCall,
    LossCalls,
    LossCase,
    LossSum,
    LostGradients,
    MissingCall,
    MissingStep,
    Objective,
    OperationInLoss,
    ScalerFault,
    StrayParameter,
    Told,
    TotalAlone,
    TrainingLoop,
    UnclippedRecurrence,
    UnheldModel,
    UnscaledAccumulation,
    UntrainedParameters,
    UnusedLoss,
    VanishingWeight,
    WrongAverage,
)
from losslint.analysis.objective.criteria import Expects
from losslint.finding import Confidence, Severity
from losslint.rule import Diagnosis, Rule

if TYPE_CHECKING:
    from pathlib import Path

    from losslint.analysis.domain.trail import Place

Said = tuple[Rule, Diagnosis]
_Question: TypeAlias = LossCall | Told
"""A loss call with its alternatives is asked about one combination at a time."""


_CHECKS: Mapping[type, str] = {
    LossCall: "check_loss_call",
    CriterionBuilt: "check_criterion_built",
    CustomLoss: "check_custom_loss",
    OperationInLoss: "check_operation",
    ImplicitDim: "check_implicit_dim",
    LossSum: "check_loss_sum",
    Accumulation: "check_accumulation",
    Backpropagation: "check_backpropagation",
    ForcedGradient: "check_forced_gradient",
    IdleStep: "check_idle_step",
    UnheldModel: "check_unheld_model",
    MissingStep: "check_missing_step",
    UntrainedParameters: "check_untrained_parameters",
    StrayParameter: "check_stray_parameter",
    ScalerFault: "check_scaler_fault",
    UnclippedRecurrence: "check_unclipped_recurrence",
    UnscaledAccumulation: "check_unscaled_accumulation",
    LostGradients: "check_lost_gradients",
    UnusedLoss: "check_unused_loss",
    AccuracyAlone: "check_accuracy_alone",
    TotalAlone: "check_total_alone",
    Objective: "check_objective",
    VanishingWeight: "check_vanishing_weight",
    WrongAverage: "check_wrong_average",
    MissingCall: "check_missing_call",
    GradientClip: "check_gradient_clip",
    TrainingLoop: "check_training_loop",
}
"""The method by which rules are asked about each event."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that failed when it was asked about what happens at a place."""

    at: Place
    message: str


def diagnose(
    events: Iterable[Event], rules: Sequence[Rule], failed: Callable[[Broken], None]
) -> list[Said]:
    """What the rules have to say about the events.

    Args:
        events: what the analysis has seen.
        rules: the rules to ask.
        failed: is told of a rule that breaks; the others are asked all the same.
    """
    found: list[Said] = []
    evaluating: list[Said] = []
    agreement = Agreement()
    for event in events:
        if isinstance(event, LossCalls):
            only_looked_at = all(case.call.evaluating for case in event.cases)
            said = _loss_calls(event, rules, failed, agreement)
            (evaluating if only_looked_at else found).extend(said)
        else:
            for rule in rules:
                found.extend((rule, diagnosis) for diagnosis in _ask(rule, event, failed))
    trained = {_fault(one) for one in found}
    found.extend(one for one in evaluating if _fault(one) not in trained)
    return [agreement.settled(one) for one in found]


def _fault(said: Said) -> tuple[str, Path, Place | None]:
    """What is at fault: said of the training loss, it need not be said of the test loss again."""
    rule, diagnosis = said
    origin = diagnosis.trail[0].place if diagnosis.trail else None
    return rule.code, diagnosis.at.file.path, origin


def _ask(rule: Rule, event: _Question, failed: Callable[[Broken], None]) -> list[Diagnosis]:
    """What a rule answers; one that breaks, which may be anybody's, says nothing more here."""
    found: list[Diagnosis] = []
    try:
        for diagnosis in _answers(rule, event):
            if not isinstance(diagnosis, Diagnosis):
                raise TypeError(f"{diagnosis!r} is no Diagnosis")
            found.append(diagnosis)
    except Exception as problem:  # noqa: BLE001
        message = f"the rule {rule.code} failed: {type(problem).__name__}: {problem}"
        failed(Broken(_place(event), message))
    return found


def _answers(rule: Rule, event: _Question) -> Iterable[Diagnosis]:
    answers: Iterable[Diagnosis] = getattr(rule, _CHECKS[type(event)])(event)
    return answers


def _place(event: _Question) -> Place:
    if isinstance(event, OperationInLoss):
        return event.operation.place
    if isinstance(event, TrainingLoop):
        return event.step
    return event.place


def _loss_calls(
    event: LossCalls,
    rules: Sequence[Rule],
    failed: Callable[[Broken], None],
    agreement: Agreement,
) -> list[Said]:
    """The findings on one loss call, over all combinations that can meet there.

    Where every combination is at fault the finding is certain, whatever the codes. Where one
    configuration of the program is at fault on all its paths, it has medium confidence; where
    only some paths are, low.
    """
    said = [
        [(rule, one) for rule in rules for one in _ask(rule, case.call, failed)]
        for case in event.cases
    ]
    for answers in said:
        agreement.heard(event.place, answers)
    at_fault = [any(not _is_aside(rule) for rule, _ in one) for one in said]
    groups: dict[Hashable, list[int]] = {}
    for index, case in enumerate(event.cases):
        for configuration in case.configurations:
            groups.setdefault(configuration, []).append(index)
    found: list[Said] = []
    for index, case in enumerate(event.cases):
        own = [groups[configuration] for configuration in case.configurations]
        for rule, diagnosis in said[index]:
            faulty = at_fault
            if _is_aside(rule):
                faulty = [any(other is rule for other, _ in one) for one in said]
            if rule.every_path and not all(any(other is rule for other, _ in one) for one in said):
                continue
            if all(faulty):
                sure = Confidence.HIGH
            elif any(all(faulty[i] for i in group) for group in own) and not _fits_elsewhere(
                event.cases, index, faulty
            ):
                sure = Confidence.MEDIUM
            else:
                sure = Confidence.LOW
            severity = diagnosis.severity
            if case.call.evaluating and severity is None:
                severity = min(rule.severity, Severity.WARNING)
            found.append(
                (
                    rule,
                    replace(
                        diagnosis, confidence=min(sure, diagnosis.confidence), severity=severity
                    ),
                )
            )
    return found


def _fits_elsewhere(cases: Sequence[LossCase], index: int, faulty: Sequence[bool]) -> bool:
    """Whether another arm of what picks the criterion takes the same input, and rightly so."""
    call = cases[index].call
    return any(
        not faulty[i]
        and other.call.input == call.input
        and other.call.criterion.expects is not Expects.ANYTHING
        for i, other in enumerate(cases)
    )


def _is_aside(rule: Rule) -> bool:
    """Whether a rule speaks of something else than the fit of criterion and input."""
    return rule.category != "activation"
