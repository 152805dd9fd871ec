"""Gradients that are added up over several rounds of a loop, of losses that are not scaled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.domain.choices import contradict
from losslint.analysis.domain.values import ALWAYS, Conditions, Tensor, Value
from losslint.analysis.events import UnscaledAccumulation
from losslint.analysis.training.parts_of_batch import parts_of_batch
from losslint.analysis.training.periods import periods
from losslint.analysis.training.trace import (
    Action,
    Backward,
    Branch,
    HandOver,
    Loop,
    OptimizerStep,
    Trace,
    ZeroGrad,
    actions,
    is_uncertain,
)
from losslint.analysis.training.training_loop import fills, loops_in, zeroes

if TYPE_CHECKING:
    from losslint.analysis.domain.trail import Place
    from losslint.analysis.interpreter import Interpreter

_INVARIANT = (
    "Adam",
    "RMSprop",
    "Rprop",
    "Adagrad",
    "Adadelta",
    "Adafactor",
    "Lion",
    "Lamb",
    "LAMB",
)
"""Parts of the names of optimizers whose steps do not grow with the gradient."""


def unscaled_accumulations(run: Interpreter) -> Iterator[UnscaledAccumulation]:
    """Every backward of a whole loss whose gradients are stepped with every so many rounds."""
    found: set[Place] = set()
    for trace in run.roots:
        for loop, _ in loops_in(trace):
            for period in periods(loop.body, loop.place.node):
                for one in _accumulated(run, loop, period.branch, period.count):
                    if one.place not in found:
                        found.add(one.place)
                        yield one
            for one in _in_parts(run, loop.body):
                if one.place not in found:
                    found.add(one.place)
                    yield one


def _in_parts(run: Interpreter, trace: Trace) -> Iterator[UnscaledAccumulation]:
    """The backwards of an inner loop through parts of a batch, behind which an optimizer steps."""
    parts: tuple[str, list[Action]] | None = None
    for action in trace:
        if isinstance(action, Branch):
            for arm in action.arms:
                yield from _in_parts(run, arm)
        if isinstance(action, Loop):
            inside, text = list(actions(action.body)), parts_of_batch(action.place.node)
            parts = (text, inside) if text and action.repeats else None
        elif isinstance(action, OptimizerStep) and parts is not None:
            text, inside = parts
            steps = not any(name in action.kind for name in _INVARIANT)
            if steps and not any(_spoils(one, action) for one in inside):
                for one in inside:
                    if isinstance(one, Backward) and _is_whole(run, one.place):
                        if fills(one, action):
                            yield UnscaledAccumulation(
                                one.place, action.label, action.place, text, parts=True
                            )
        elif isinstance(action, HandOver | Branch) or _is_other(action):
            parts = None


def _accumulated(
    run: Interpreter, loop: Loop, branch: Branch, count: str
) -> Iterator[UnscaledAccumulation]:
    taken = list(actions(branch.arms[0]))
    inside = set(map(id, taken))
    backwards = [
        one
        for one in actions(loop.body)
        if isinstance(one, Backward) and id(one) not in inside and _is_whole(run, one.place)
    ]
    for step in taken:
        if not isinstance(step, OptimizerStep) or any(part in step.kind for part in _INVARIANT):
            continue
        if not any(isinstance(one, ZeroGrad) and zeroes(one, step) for one in taken):
            continue
        if any(_is_other(one) for one in taken):
            continue
        for one in backwards:
            if contradict(_conditions(loop.body, one), _conditions(loop.body, step)):
                continue
            others = (each for each in _with(one, loop.body, branch) if id(each) not in inside)
            if fills(one, step) and not any(_spoils(each, step) for each in others):
                yield UnscaledAccumulation(one.place, step.label, step.place, count)


def _with(backward: Backward, trace: Trace, branch: Branch) -> Iterator[Action]:
    """What is done in rounds that make a backward and come to a branch.

    Where an if statement decides between that and something else, they do nothing of the latter.
    """
    for action in trace:
        if isinstance(action, Loop):
            yield from _with(backward, action.body, branch)
        elif isinstance(action, Branch):
            chosen = [arm for arm in action.arms if _leads_to(arm, (backward, branch))]
            for arm in action.arms if action is branch or not chosen else chosen:
                yield from _with(backward, arm, branch)
        else:
            yield action


def _conditions(trace: Trace, wanted: Action) -> Conditions:
    """What holds where an action of a trace is done."""
    for action in trace:
        if isinstance(action, Loop) and _leads_to(action.body, (wanted,)):
            return _conditions(action.body, wanted)
        if isinstance(action, Branch):
            for arm, when in zip(action.arms, action.when, strict=False):
                if _leads_to(arm, (wanted,)):
                    return when | _conditions(arm, wanted)
    return ALWAYS


def _leads_to(trace: Trace, wanted: tuple[Action, ...]) -> bool:
    """Whether something that is wanted is done somewhere in a trace."""
    return any(
        any(action is one for one in wanted)
        or (isinstance(action, Loop) and _leads_to(action.body, wanted))
        or (isinstance(action, Branch) and any(_leads_to(arm, wanted) for arm in action.arms))
        for action in trace
    )


def _is_other(action: object) -> bool:
    """Whether something unknown may change gradients, or backpropagate a part of the loss."""
    return isinstance(action, Backward | HandOver) or is_uncertain(action)


def _spoils(action: object, step: OptimizerStep) -> bool:
    """Whether the gradients of a step are zeroed, used or changed in other rounds as well."""
    if isinstance(action, OptimizerStep):
        return action.optimizer == step.optimizer
    return isinstance(action, HandOver) or (isinstance(action, ZeroGrad) and zeroes(action, step))


def _is_whole(run: Interpreter, place: Place) -> bool:
    """Whether what is backpropagated is a mean over its batch, and nothing scales it."""
    node, known = place.node, run.seen.backpropagations.get(place)
    if known is None or known.weighted or not isinstance(node, cst.Call) or node.args:
        return False  # what is given to a framework may be scaled there
    return all(_is_plain(one) for one in known.losses)


def _is_plain(loss: Value) -> bool:
    return (
        isinstance(loss, Tensor)
        and loss.shape != "scaled-sum"
        and any(not term.weighted for term in loss.terms)
        and all(term.stage == "mean" for term in loss.terms)
    )
