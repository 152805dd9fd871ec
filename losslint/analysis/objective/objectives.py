"""What a program minimises: losses that are backpropagated, or returned to what does that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from losslint.analysis.domain.containers import is_dict
from losslint.analysis.domain.trail import Place
from losslint.analysis.domain.values import Function, Instance, Tensor, Value, alternatives_of
from losslint.analysis.events import Objective
from losslint.analysis.objective.terms import OPEN
from losslint.analysis.training.counts import over_batches
from losslint.analysis.training.trace import Backward, OptimizerStep, actions
from losslint.analysis.training.training_loop import loops_in

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter

_STEPS = frozenset({"training_step", "compute_loss"})
"""Methods whose result a library backpropagates."""


@dataclass(frozen=True, slots=True)
class Returned:
    """A loss that a function of the project returns to a caller which was not seen."""

    place: Place
    loss: Value
    step: bool
    """It is what a library calls for each batch."""


def note_returned(run: Interpreter, function: Function, value: Value) -> None:
    """Notes what a loss function returns that nothing in the project has called."""
    step = function.name in _STEPS
    if step:
        value = _loss_of_step(run, value)
    run.seen.returned.append(Returned(Place(function.file, function.node), value, step))


def _loss_of_step(run: Interpreter, value: Value) -> Value:
    """The loss in what a training step returns, which may be a dict."""
    if isinstance(value, Instance) and is_dict(value):
        return run.heap.get(value.slots, ("key", "loss")) or value
    return value


def objectives(run: Interpreter) -> Iterator[Objective]:
    """What is minimised over batches."""
    minimised = set(_stepped(run))
    for place, found in run.seen.backpropagations.items():
        if place in minimised:
            yield _objective(place, found.losses)
    for one in run.seen.returned:
        if one.step:
            yield _objective(one.place, (one.loss,))


def _objective(place: Place, losses: tuple[Value, ...]) -> Objective:
    known = tuple(one.value for loss in losses for one in alternatives_of(loss))
    mixed = any(isinstance(one, Tensor) and OPEN in one.marks for one in known)
    return Objective(place, known, mixed)


def _stepped(run: Interpreter) -> Iterator[Place]:
    """Every backward in a loop over batches that also steps an optimizer."""
    for trace in run.roots:
        for loop, around in loops_in(trace):
            if not any(over_batches(run, one.place.node) for one in (loop, *around)):
                continue
            inside = list(actions(loop.body))
            if any(isinstance(one, OptimizerStep) for one in inside):
                yield from (one.place for one in inside if isinstance(one, Backward))
