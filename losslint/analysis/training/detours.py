"""Terms of a loss that reach no model but one whose gradients nothing uses, behind a cut."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from losslint.analysis.domain.values import Tensor, Unknown
from losslint.analysis.events import Operation, OperationKind
from losslint.analysis.training.gradient_flow import is_loss_with_graph
from losslint.analysis.training.handling import WRITTEN
from losslint.analysis.training.trace import (
    Backward,
    Branch,
    HandOver,
    Loop,
    OptimizerStep,
    Trace,
    ZeroGrad,
    actions,
    is_model,
    is_uncertain,
)
from losslint.analysis.training.training_loop import loops_in, surely_zeroes

if TYPE_CHECKING:
    from losslint.analysis.domain.trail import Place
    from losslint.analysis.interpreter import Interpreter


def with_detours(made: Tensor, one: Tensor, other: Tensor) -> Tensor:
    """A sum of two losses, one of which was cut off from what the other one trains.

    Behind the cut stands another model, to which its gradient goes.
    """
    detours = {
        replace(end, kind=OperationKind.DETOUR, other=Tensor(deps=part.deps))
        for part, partner in ((one, other), (other, one))
        if part.operations and part.deps and is_loss_with_graph(part)
        if is_loss_with_graph(partner)
        for end in part.operations
        if end.kind is OperationKind.CUT
        and end.operand.deps.isdisjoint(part.deps)
        and not end.operand.deps.isdisjoint(partner.deps)
    }
    return made.but(operations=made.operations | detours) if detours else made


def lost_detours(
    run: Interpreter, place: Place, losses: Sequence[Tensor]
) -> Iterator[tuple[Tensor, Operation]]:
    """The detours of losses that train nothing, where these are backpropagated at a place.

    Everything has to be known for that: what the optimizers hold, and what a gradient reaches.
    """
    found = [
        (loss, one)
        for loss in losses
        for one in loss.operations
        if one.kind is OperationKind.DETOUR
    ]
    if not found or run.seen.differentiated:
        return
    held = _held(run, place)
    if not held or _has_unknown_parts(run, held):
        return
    for loss, one in found:
        reached = one.other.deps if one.other is not None else frozenset()
        written = any(WRITTEN in run.seen.handling.get(owner, ()) for owner in reached)
        if one.operand.deps.isdisjoint(held) or written or not all(map(is_model, reached)):
            continue
        if not any(_may_use(trace, place, reached) for trace in run.roots):
            yield loss, one


def _held(run: Interpreter, place: Place) -> frozenset[Hashable]:
    """All that optimizers step where a backward is; nothing where that cannot be told of one."""
    held: frozenset[Hashable] = frozenset()
    for trace in run.roots:
        everything = list(actions(trace))
        if not any(isinstance(one, Backward) and one.place == place for one in everything):
            continue
        for one in everything:
            if isinstance(one, HandOver) or is_uncertain(one):
                return frozenset()
            if isinstance(one, OptimizerStep):
                if one.owners is None or not all(map(is_model, one.owners)):
                    return frozenset()
                held |= one.owners
    return held


def _has_unknown_parts(run: Interpreter, held: frozenset[Hashable]) -> bool:
    """Whether one of several modules has a part that nobody knows, which may be a network."""
    return any(
        isinstance(value, Unknown) and value.lost is not None
        for instances in run.instances.values()
        for instance in instances
        if instance.oid in held
        for value in instance.slots.values()
    )


def _may_use(trace: Trace, place: Place, reached: frozenset[Hashable]) -> bool:
    """Whether a step may use the gradients that a backward at a place leaves in some modules."""
    steps = [
        one
        for one in actions(trace)
        if isinstance(one, OptimizerStep) and not reached.isdisjoint(one.owners or ())
    ]
    rounds = [
        loop.body
        for loop, _ in loops_in(trace)
        if any(isinstance(one, Backward) and one.place == place for one in actions(loop.body))
    ]
    if not steps or not rounds:
        return bool(steps)
    innermost = min(rounds, key=lambda body: sum(1 for _ in actions(body)))
    return any(not _is_zeroed_between(innermost, place, step) for step in steps)


def _is_zeroed_between(body: Trace, place: Place, step: OptimizerStep) -> bool:
    """Whether gradients are zeroed for sure on the way from a backward in a loop to a step."""
    ordered = list(_in_order(body))
    at = next(
        (
            index
            for index, (one, _) in enumerate(ordered)
            if isinstance(one, Backward) and one.place == place
        ),
        None,
    )
    if at is None:
        return False
    for one, sure in (*ordered[at + 1 :], *ordered[: at + 1]):
        if isinstance(one, OptimizerStep) and one.optimizer == step.optimizer:
            return False
        if sure and isinstance(one, ZeroGrad) and surely_zeroes(one, step):
            return True
    return False


def _in_order(trace: Trace, sure: bool = True) -> Iterator[tuple[object, bool]]:
    """What is done in a trace, and whether that happens in every round."""
    for action in trace:
        if isinstance(action, Branch):
            for arm in action.arms:
                yield from _in_order(arm, False)
        elif isinstance(action, Loop):
            yield from _in_order(action.body, sure and not action.repeats)
        else:
            yield action, sure
