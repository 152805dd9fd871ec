"""One analysis of a project, from its sources to events."""

from __future__ import annotations

import gc
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import libcst as cst

from losslint.analysis.domain.marks import OF_LAST_ROUND
from losslint.analysis.domain.syntax import SourceModule
from losslint.analysis.domain.trail import Place
from losslint.analysis.domain.values import Act
from losslint.analysis.driver import evaluate
from losslint.analysis.events import (
    Event,
    Family,
    ForcedGradient,
    IdleStep,
    LossCall,
    LossCalls,
    MissingStep,
    Operation,
    OperationInLoss,
)
from losslint.analysis.interpreter import Interpreter, Mechanisms
from losslint.analysis.memo import Memo
from losslint.analysis.objective.custom_losses import custom_losses
from losslint.analysis.objective.learned_weights import vanishing_weights
from losslint.analysis.objective.metrics import accuracies_alone
from losslint.analysis.objective.monitoring import totals_alone
from losslint.analysis.objective.objectives import objectives
from losslint.analysis.objective.pictures import activated, partners_of_outputs
from losslint.analysis.objective.terms import without_balanced
from losslint.analysis.objective.unused_losses import unused_losses
from losslint.analysis.python import (
    branches,
    comprehensions,
    container_api,
    definitions,
    importing,
    loops,
    math_api,
    python_api,
    reflection_api,
)
from losslint.analysis.python.assignment import assign
from losslint.analysis.python.attributes import attribute
from losslint.analysis.python.calls import call
from losslint.analysis.python.demonstrations import is_measured
from losslint.analysis.python.expressions import EXPRESSIONS
from losslint.analysis.python.statements import STATEMENTS
from losslint.analysis.reading.failures import Failure
from losslint.analysis.reading.linker import Linker
from losslint.analysis.reading.nodes import walk
from losslint.analysis.reading.prefilter import choose
from losslint.analysis.reading.project import Project
from losslint.analysis.reading.surroundings import Unseen
from losslint.analysis.tensors.comparisons import is_tested
from losslint.analysis.tensors.forms import FREE
from losslint.analysis.tensors.paddings import is_of_looked_up
from losslint.analysis.torch_api import (
    activations,
    apex,
    arrays,
    audio,
    combined_sizes,
    combining,
    creation,
    data,
    elementwise,
    gradients,
    limits,
    modules,
    networks,
    optim,
    packing,
    reductions,
    shaping,
    simulated,
    trainers,
    training,
    weights,
)
from losslint.analysis.training.backpropagation import backpropagations
from losslint.analysis.training.clipping import gradient_clips
from losslint.analysis.training.idle_steps import idle_steps
from losslint.analysis.training.kept_losses import accumulations
from losslint.analysis.training.lost_rounds import lost_rounds
from losslint.analysis.training.scaling import scaler_faults
from losslint.analysis.training.training_loop import training_loops
from losslint.analysis.training.unclipped import unclipped_recurrences
from losslint.analysis.training.unheld_models import unheld_models
from losslint.analysis.training.unscaled import unscaled_accumulations
from losslint.analysis.training.untrained import untrained_parameters
from losslint.analysis.training.zeroed_each_round import lost_gradients
from losslint.deep_stack import on_a_deep_stack
from losslint.source import Source

_TABLES = (
    activations,
    apex,
    arrays,
    audio,
    branches,
    combined_sizes,
    combining,
    comprehensions,
    container_api,
    creation,
    data,
    definitions,
    elementwise,
    gradients,
    importing,
    limits,
    loops,
    math_api,
    modules,
    networks,
    optim,
    packing,
    python_api,
    reductions,
    reflection_api,
    shaping,
    simulated,
    trainers,
    training,
    weights,
)
"""Modules that register what they know when they are imported."""


@dataclass(slots=True)
class Analysis:
    """What is known of a project after it was evaluated."""

    events: list[Event] = field(default_factory=list)
    loss_calls: dict[Place, bool] = field(default_factory=dict)
    """Each loss call that was met, and whether it was understood."""
    failures: list[Failure] = field(default_factory=list)
    modules: dict[Path, SourceModule] = field(default_factory=dict)
    unresolved: list[Unresolved] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A loss call that was not understood, and where the trail of its input was lost."""

    call: Place
    lost: Place | None
    why: str


def analyse(
    sources: Sequence[Source],
    *,
    src_roots: Sequence[Path] = (),
    top: Path,
    progress: Callable[[int, int], None] | None = None,
    returns: Mapping[str, str] | None = None,
    strict: bool = False,
    unseen: Unseen | None = None,
) -> Analysis:
    """Evaluates files, and what they import from the project, to events.

    Args:
        sources: the files, with resolved paths.
        src_roots: folders that imports are resolved from, besides the usual ones.
        top: the folder that imports are resolved up to.
        progress: called with the number of steps done and of all steps.
        returns: what callables return, or their results give when called, by qualified name.
        strict: raise what breaks inside the analysis instead of reporting it.
        unseen: tells whether a file of the project that is not among the sources may import some.
    """
    # trees live to the end of the run: looking for garbage among them costs as much as parsing
    collecting = gc.isenabled()
    gc.disable()
    try:
        # trees are deep, and so is the interpreter on them
        return on_a_deep_stack(
            lambda: _analyse(sources, src_roots, top, progress, returns or {}, strict, unseen)
        )
    finally:
        if collecting:
            gc.enable()


def _analyse(
    sources: Sequence[Source],
    src_roots: Sequence[Path],
    top: Path,
    progress: Callable[[int, int], None] | None,
    returns: Mapping[str, str],
    strict: bool,
    unseen: Unseen | None,
) -> Analysis:
    by_path = {source.path: source for source in sources}
    project = Project(Linker(top, src_roots), by_path, unseen)
    mechanisms = Mechanisms(EXPRESSIONS, STATEMENTS, call, attribute, assign)
    run = Interpreter(project, Memo(), mechanisms, strict=strict)
    run.returns = returns
    evaluate(run, choose(sources), progress)
    unused = list(unused_losses(run))
    idle = {one.place for one in unused}
    acts = run.seen.logarithms
    for event in run.events:
        if isinstance(event, OperationInLoss):
            acts.setdefault(event.operation.place, set()).add(event.operation.operand.act)
    of_outputs = partners_of_outputs(run.events, run.seen.partners)
    events = [
        _settled(run, event, acts, of_outputs)
        for event in without_balanced(run.events)
        if _matters(run, event, idle)
    ]
    rounds = list(lost_rounds(run.roots))
    lost = {one.place for one in rounds}
    idle_optimizers = [one for one in idle_steps(run) if not _is_zeroed_in(one, lost)]
    mistaken = {one.other for one in idle_optimizers if isinstance(one, MissingStep)}
    events.extend(one for one in training_loops(run.roots) if one.step not in mistaken)
    events.extend(backpropagations(run))
    events.extend(accumulations(run))
    events.extend(gradient_clips(run.roots))
    events.extend(scaler_faults(run.roots))
    events.extend(idle_optimizers)
    events.extend(untrained_parameters(run))
    events.extend(unheld_models(run))
    events.extend(unused)
    events.extend(custom_losses(run))
    events.extend(unscaled_accumulations(run))
    events.extend(lost_gradients(run))
    events.extend(rounds)
    events.extend(unclipped_recurrences(run))
    events.extend(vanishing_weights(run))
    events.extend(objectives(run))
    events.extend(accuracies_alone(run))
    events.extend(totals_alone(run))
    understood = run.seen.sites.understood
    return Analysis(
        events,
        understood,
        project.failures,
        project.parsed,
        [
            Unresolved(place, *run.seen.sites.lost.get(place, (None, "")))
            for place, known in understood.items()
            if not known
        ],
    )


def _is_zeroed_in(found: IdleStep | MissingStep, lost: Container[Place]) -> bool:
    """Whether an optimizer steps behind the loop that is said to zero it in every round."""
    return isinstance(found, MissingStep) and found.zeroed in lost


def _matters(run: Interpreter, event: Event, idle: Container[Place]) -> bool:
    """Whether an event is about what trains; of a loss that nothing reads only that is said."""
    if isinstance(event, OperationInLoss):
        return _counts(run, event.operation)
    if isinstance(event, ForcedGradient):
        return event.losses.isdisjoint(run.seen.differentiated_by)
    return not isinstance(event, LossCalls) or event.place not in idle


def _counts(run: Interpreter, operation: Operation) -> bool:
    """Whether an operation in a loss is part of what trains, and nothing later mends its result."""
    if operation.zero is not None and operation.zero.kind == OF_LAST_ROUND:
        return True  # a wrong average, whatever it is of
    return operation.place not in run.seen.repaired and not is_measured(run, operation)


def _beside(call: LossCall, of_outputs: Mapping[Place, set[Family]]) -> set[Family]:
    """What is added to any loss of the same output."""
    place = activated(call)
    return of_outputs.get(place, set()) if place is not None else set()


def _settled(
    run: Interpreter,
    event: Event,
    acts: Mapping[Place, set[Act]],
    of_outputs: Mapping[Place, set[Family]],
) -> Event:
    """The event with what only the whole evaluation could tell."""
    if isinstance(event, OperationInLoss):
        operand, tested = event.operation.operand, run.seen.guarded
        function = run.seen.within.get(event.operation.place)
        tokens = {name for within, name in run.seen.looked_up if within == function}
        guarded = any(
            reason in tested or is_tested(reason, tested) or is_of_looked_up(reason, tokens)
            for why in (operand.zero, operand.mask)
            if why is not None
            for reason in why.chain()
        )
        guarded = guarded or any(
            (function, one.value) in run.seen.compared
            for one in walk(event.operation.place.node)
            if isinstance(one, cst.Name)
        )
        if operand.zero is not None and operand.zero.kind == FREE:
            guarded = guarded or not operand.deps.isdisjoint(run.seen.weights.handled)
        place = event.operation.place
        of_others = run.seen.positive.get(place, set())
        mixed = len(acts[place]) > 1 or (bool(of_others) and operand.deps.isdisjoint(of_others))
        return OperationInLoss(event.operation, guarded, mixed)
    if isinstance(event, LossCalls):
        place = event.place
        partners = run.seen.partners.get(place, set())
        cases = [
            replace(
                case,
                call=replace(
                    case.call,
                    partners=frozenset(partners | _beside(case.call, of_outputs)),
                    by_rows=place in run.seen.by_rows,
                    shared_out=place in run.seen.shared_out,
                    number_alone=place in run.seen.only_numbers,
                    reached=place in run.seen.reached,
                ),
            )
            for case in event.cases
        ]
        return LossCalls(place, tuple(cases))
    return event
