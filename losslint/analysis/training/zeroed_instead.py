"""Optimizers that are zeroed, or another one steps, where they should step themselves."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import TYPE_CHECKING

from losslint.analysis.events import MissingStep
from losslint.analysis.training.trace import (
    Action,
    Backward,
    Branch,
    HandOver,
    Loop,
    Observed,
    OptimizerMade,
    OptimizerStep,
    SetWeights,
    Trace,
    ZeroGrad,
    actions,
    is_uncertain,
)
from losslint.analysis.training.training_loop import loops_in

if TYPE_CHECKING:
    from losslint.analysis.domain.trail import Place


def zeroed_instead(roots: Sequence[Trace]) -> Iterator[MissingStep]:
    """What is done instead of a step behind the backwards of optimizers that never step.

    That is a second zeroing, a second step of another optimizer, of gradients that it has used, or
    nothing at all.

    Nothing is said where another optimizer may hold the same weights, or something unknown may
    step them: in whatever code makes or zeroes the optimizer.
    """
    whole = [(trace, list(actions(trace))) for trace in roots]
    stepped = {
        one.optimizer for _, inside in whole for one in inside if isinstance(one, OptimizerStep)
    }
    made = {
        one.optimizer: one.owners
        for _, inside in whole
        for one in inside
        if isinstance(one, OptimizerMade) and one.optimizer not in stepped and one.owners
        if _are_modules(one.owners)
    }
    for optimizer, owners in made.items():
        of_it = [
            (trace, inside)
            for trace, inside in whole
            if any(
                isinstance(one, OptimizerMade | ZeroGrad) and one.optimizer == optimizer
                for one in inside
            )
        ]
        if any(_may_be_used(inside, owners) for _, inside in of_it):
            continue
        for trace, inside in of_it:
            if any(isinstance(one, OptimizerStep) for one in inside):
                for loop, _ in loops_in(trace):
                    yield from _around_backward(loop.body, optimizer, owners)
                    yield from _stepped_again(loop.body, optimizer, owners)
                    yield from _forgotten(loop.body, optimizer, owners)


def _may_be_used(inside: Sequence[Action], owners: frozenset[Hashable]) -> bool:
    """Whether gradients of some modules may be used, by whatever else than their optimizer."""
    for one in inside:
        if isinstance(one, HandOver | Observed) or is_uncertain(one):
            return True
        if isinstance(one, OptimizerStep | SetWeights):
            if not one.owners or not _are_modules(one.owners) or one.owners & owners:
                return True
    return False


def _are_modules(owners: frozenset[Hashable]) -> bool:
    return all(isinstance(one, int) for one in owners)


def _around_backward(
    trace: Trace, optimizer: Hashable, owners: frozenset[Hashable]
) -> Iterator[MissingStep]:
    """A backward between two zeroings that stand in the same arm of the same round."""
    zeroed: Place | None = None
    backward: Place | None = None
    for action in trace:
        if isinstance(action, ZeroGrad) and action.optimizer == optimizer:
            if zeroed is not None and backward is not None and action.place != zeroed:
                yield MissingStep(backward, action.place, instead=True)
                return
            zeroed, backward = action.place, None
        elif isinstance(action, Backward) and not owners.isdisjoint(action.deps):
            backward = action.place if zeroed is not None else None
        elif isinstance(action, Branch):
            for arm in action.arms:
                yield from _around_backward(arm, optimizer, owners)
        elif isinstance(action, Loop) and not action.repeats:
            yield from _around_backward(action.body, optimizer, owners)


def _stepped_again(
    trace: Trace, optimizer: Hashable, owners: frozenset[Hashable]
) -> Iterator[MissingStep]:
    """A backward behind a zeroing, and then a second step of another optimizer, in one arm."""
    zeroed: Place | None = None
    backward: Place | None = None
    used: set[Hashable] = set()
    for action in trace:
        if isinstance(action, ZeroGrad):
            used.discard(action.optimizer)
            if action.optimizer == optimizer:
                zeroed, backward = action.place, None
        elif isinstance(action, Backward) and not owners.isdisjoint(action.deps):
            backward = action.place if zeroed is not None else None
        elif isinstance(action, OptimizerStep):
            if zeroed is not None and backward is not None and action.optimizer in used:
                yield MissingStep(backward, zeroed, other=action.place, others=action.label)
                return
            used.add(action.optimizer)
            backward = None
        elif isinstance(action, Branch):
            for arm in action.arms:
                yield from _stepped_again(arm, optimizer, owners)
        elif isinstance(action, Loop) and not action.repeats:
            yield from _stepped_again(action.body, optimizer, owners)


def _forgotten(
    trace: Trace, optimizer: Hashable, owners: frozenset[Hashable]
) -> Iterator[MissingStep]:
    """A backward behind a zeroing, for this optimizer alone, in a round in which others step."""
    zeroed: Place | None = None
    backward: Place | None = None
    for action in trace:
        if isinstance(action, ZeroGrad) and action.optimizer == optimizer:
            if zeroed is not None:
                return  # it stands there instead of the step
            zeroed = action.place
        elif isinstance(action, Backward) and action.deps and action.deps <= owners:
            backward = action.place if zeroed is not None else None
        elif isinstance(action, Loop) and not action.repeats:
            yield from _forgotten(action.body, optimizer, owners)
    if zeroed is not None and backward is not None:
        if any(isinstance(one, OptimizerStep) for one in trace):
            yield MissingStep(backward, zeroed, forgotten=True)
