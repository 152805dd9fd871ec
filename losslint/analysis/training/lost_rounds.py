"""Gradients that each round of a loop zeroes and adds anew, for a step behind the loop."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.events import LostGradients
from losslint.analysis.reading.nodes import walk
from losslint.analysis.training.trace import (
    Action,
    Backward,
    Branch,
    HandOver,
    Loop,
    Observed,
    OptimizerStep,
    SetWeights,
    Trace,
    ZeroGrad,
    actions,
    is_uncertain,
)
from losslint.analysis.training.training_loop import fills, surely_zeroes

if TYPE_CHECKING:
    from losslint.analysis.domain.trail import Place


def lost_rounds(roots: Iterable[Trace]) -> Iterator[LostGradients]:
    """The zeroings that leave a step the gradients of the last round alone.

    One that is met in several contexts counts only if it is at fault in all of them.
    """
    met: dict[Place, list[LostGradients | None]] = {}
    for trace in roots:
        for loop, behind in _loops(trace, ()):
            zero = _first_zeroing(loop)
            if zero is not None:
                met.setdefault(zero.place, []).append(_lost(loop, zero, behind))
    for several in met.values():
        if several[0] is not None and None not in several:
            yield several[0]


def _loops(trace: Trace, behind: Trace) -> Iterator[tuple[Loop, Trace]]:
    """Every loop that repeats, with what is done behind it."""
    for index, action in enumerate(trace):
        rest = (*trace[index + 1 :], *behind)
        if isinstance(action, Loop):
            if action.repeats:
                yield action, rest
            yield from _loops(action.body, () if action.repeats else rest)
        elif isinstance(action, Branch):
            for arm in action.arms:
                yield from _loops(arm, rest)


def _first_zeroing(loop: Loop) -> ZeroGrad | None:
    """What zeroes gradients in every round, before anything else is done to them."""
    first = next((one for one in loop.body if isinstance(one, Backward | ZeroGrad | Branch)), None)
    return first if isinstance(first, ZeroGrad) and first.certain else None


def _lost(loop: Loop, zero: ZeroGrad, behind: Sequence[Action]) -> LostGradients | None:
    inside = list(actions(loop.body))
    added = [one for one in inside if isinstance(one, Backward)]
    if len(added) != 1 or added[0] not in loop.body or any(map(_may_use, inside)):
        return None
    if _may_keep(loop.place.node):
        return None
    step = _next_step(behind)
    if step is None or not surely_zeroes(zero, step) or not fills(added[0], step):
        return None
    return LostGradients(zero.place, step.label, added[0].place, step.place, "", step.confidence)


def _may_use(action: Action) -> bool:
    """Whether an action may take gradients before they are zeroed in the next round."""
    used = isinstance(action, OptimizerStep | HandOver | Observed | SetWeights)
    return used or is_uncertain(action)


def _may_keep(loop: cst.CSTNode) -> bool:
    """Whether a loop reads gradients by itself, or tries until it gets one that will do."""
    return not isinstance(loop, cst.For) or any(
        isinstance(one, cst.Break | cst.Try)
        or (isinstance(one, cst.Attribute) and one.attr.value == "grad")
        for one in walk(loop)
    )


def _next_step(behind: Sequence[Action]) -> OptimizerStep | None:
    """The step that comes next, if gradients are at most added to on the way there."""
    for action in behind:
        if isinstance(action, OptimizerStep):
            return action
        done = actions((action,))
        if any(isinstance(one, ZeroGrad | OptimizerStep | HandOver) for one in done):
            return None
    return None
