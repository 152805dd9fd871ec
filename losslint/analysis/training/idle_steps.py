"""Optimizers that step with no gradient, gradients that no optimizer steps with."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.events import ForcedGradient, IdleStep, MissingStep
from losslint.analysis.reading.nodes import walk
from losslint.analysis.reading.spelling import dotted
from losslint.analysis.torch_api.registry import no_networks
from losslint.analysis.training.bare_steps import bare_steps
from losslint.analysis.training.emptied_steps import ENOUGH_DEPS, emptied_steps
from losslint.analysis.training.gradient_flow import LEAF
from losslint.analysis.training.trace import (
    Action,
    Backward,
    Branch,
    HandOver,
    Loop,
    LossMade,
    Observed,
    OptimizerMade,
    OptimizerStep,
    Trace,
    ZeroGrad,
    actions,
    is_uncertain,
)
from losslint.analysis.training.training_loop import loops_in
from losslint.analysis.training.zeroed_instead import zeroed_instead

if TYPE_CHECKING:
    from losslint.analysis.domain.trail import Place
    from losslint.analysis.interpreter import Interpreter


def idle_steps(run: Interpreter) -> Iterator[IdleStep | MissingStep]:
    """What is wrong between the backwards and the steps of whole training loops."""
    if run.seen.differentiated:
        return  # gradients that are asked for without a backward may be set by hand
    steps: dict[Place, list[IdleStep | None]] = {}
    others = no_networks(run) | _forced(run)
    for trace in run.roots:
        everything = list(actions(trace))
        if any(isinstance(one, HandOver) for one in everything):
            continue
        for loop, _ in loops_in(trace):
            inside = list(actions(loop.body))
            for step in _steps(inside):
                steps.setdefault(step.place, []).append(_idle(step, inside, everything, others))
    idle = {found.place: found for found in emptied_steps(run.roots, others)}
    for place, several in steps.items():
        if several[0] is not None and None not in several:
            idle[place] = several[0]
    idle |= {found.place: found for found in bare_steps(run.roots)}
    yield from idle.values()
    yield from _missing_steps(run.roots)
    yield from {found.zeroed: found for found in zeroed_instead(run.roots)}.values()


def _missing_steps(roots: Iterable[Trace]) -> Iterator[MissingStep]:
    """The backwards after which nothing steps: neither in their loop, nor in one around it."""
    missing: dict[Place, MissingStep] = {}
    stepped: set[Place] = set()
    for trace in roots:
        everything = list(actions(trace))
        made = [one for one in everything if isinstance(one, OptimizerMade)]
        if any(isinstance(one, Observed) for one in everything):
            made = []  # of a model that is zeroed, the gradients are wanted for themselves
        looped: set[int] = set()
        for outermost in _outermost(trace):
            whole = list(actions((outermost,)))
            looped.update(map(id, whole))
            if _may_step(whole):
                stepped |= {one.place for one in whole if isinstance(one, Backward)}
                continue
            for loop, _ in loops_in((outermost,)):
                if _tries_memory(loop.place.node):
                    continue
                for found in _without_step(list(actions(loop.body)), made):
                    missing.setdefault(found.place, found)
        if _may_step(everything):
            alone = (one for one in everything if id(one) not in looped)
            stepped |= {one.place for one in alone if isinstance(one, Backward)}
    yield from (found for place, found in missing.items() if place not in stepped)


def _tries_memory(loop: cst.CSTNode) -> bool:
    """Whether a loop finds out how much the memory holds: it goes on where that is exhausted."""
    return any(
        _EXHAUSTED.search(
            dotted(part) if isinstance(part, cst.Attribute | cst.Name) else part.value
        )
        for handler in walk(loop)
        if isinstance(handler, cst.ExceptHandler)
        for part in walk(handler)
        if isinstance(part, cst.Attribute | cst.Name | cst.SimpleString)
    )


_EXHAUSTED = re.compile(r"out.?of.?memory|\boom\b", re.IGNORECASE)


def _outermost(trace: Trace) -> Iterator[Loop]:
    """The loops that stand in no other one, whether they repeat or not."""
    for action in trace:
        if isinstance(action, Loop):
            yield action
        elif isinstance(action, Branch):
            for arm in action.arms:
                yield from _outermost(arm)


def _may_step(everything: Iterable[Action]) -> bool:
    """Whether some optimizer steps, or something unknown may."""
    return any(isinstance(one, OptimizerStep | HandOver) or is_uncertain(one) for one in everything)


def _steps(inside: Sequence[Action]) -> list[OptimizerStep]:
    """The steps in a loop with optimizers whose parameters are all known modules."""
    return [
        one
        for one in inside
        if isinstance(one, OptimizerStep) and one.owners and _are_modules(one.owners)
    ]


def _are_modules(owners: frozenset[Hashable]) -> bool:
    return all(isinstance(one, int) for one in owners)


def _forced(run: Interpreter) -> frozenset[Hashable]:
    """The losses that were told to require a gradient, of which that is said itself."""
    return frozenset(
        (LEAF, id(event.place.node)) for event in run.events if isinstance(event, ForcedGradient)
    )


def _idle(
    step: OptimizerStep,
    inside: Sequence[Action],
    everything: Sequence[Action],
    others: frozenset[Hashable],
) -> IdleStep | None:
    """The step, if no backward gives its parameters a gradient.

    Args:
        step: the step.
        inside: what is done in its loop.
        everything: what is done in all of the code around it.
        others: objects that are no modules, and leaves that were forced; of a loss that depends
            on nothing else, nothing is known.
    """
    assert step.owners is not None
    if any(is_uncertain(one) for one in everything):
        return None
    backwards = [one for one in everything if isinstance(one, Backward)]
    for one in backwards:
        known = one.deps - others and len(one.deps) < ENOUGH_DEPS and _are_modules(one.deps)
        if not (known or one.leaves - others) or one.deps & step.owners:
            return None
    loss = next((one for one in inside if isinstance(one, LossMade) and _is_of(one, step)), None)
    other = next((one for one in inside if isinstance(one, Backward)), None)
    if loss is None or (backwards and other is None):
        return None
    return IdleStep(step.place, step.label, loss.place, None if other is None else other.place)


def _is_of(loss: LossMade, step: OptimizerStep) -> bool:
    """Whether a loss is made to train what an optimizer steps, as far as can be told."""
    return not loss.deps or not loss.deps.isdisjoint(step.owners or ())


def _without_step(inside: Sequence[Action], made: Sequence[OptimizerMade]) -> Iterator[MissingStep]:
    """The backward of a loop that zeroes an optimizer, or the model of one, which never steps."""
    zero = next(
        (one for one in inside if isinstance(one, ZeroGrad) and _is_for_a_step(one, made)), None
    )
    calls = (one for one in inside if isinstance(one, Backward) and _is_call(one))
    backward = next(calls, None)
    if zero is not None and backward is not None:
        yield MissingStep(backward.place, zero.place)


def _is_call(backward: Backward) -> bool:
    """Whether gradients are computed, and not written by hand."""
    return isinstance(backward.place.node, cst.Call)


def _is_for_a_step(zero: ZeroGrad, made: Iterable[OptimizerMade]) -> bool:
    """Whether gradients are zeroed that an optimizer of the same code is to use."""
    if zero.optimizer is not None:
        return True
    owners = zero.owners or frozenset()
    return any(one.owners and not owners.isdisjoint(one.owners) for one in made)
