"""Gradients that are zeroed in every round of a loop, though only some of the rounds step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.events import LostGradients
from losslint.analysis.reading.nodes import walk
from losslint.analysis.reading.spelling import dotted
from losslint.analysis.training.periods import Period, period_of
from losslint.analysis.training.trace import (
    Action,
    Backward,
    Branch,
    HandOver,
    Loop,
    Observed,
    OptimizerStep,
    Trace,
    ZeroGrad,
    actions,
    is_uncertain,
    own_actions,
)
from losslint.analysis.training.training_loop import fills, loops_in, surely_zeroes, zeroes

if TYPE_CHECKING:
    from losslint.analysis.domain.trail import Place
    from losslint.analysis.interpreter import Interpreter


def lost_gradients(run: Interpreter) -> Iterator[LostGradients]:
    """Every step that is made in some rounds, with gradients of nothing but the last of them.

    One that is met in several contexts counts only if it is at fault in all of them.
    """
    if run.seen.differentiated:
        return  # gradients that are asked for without a backward may be kept by hand
    met: dict[Place, list[LostGradients | None]] = {}
    for trace in run.roots:
        for loop, _ in loops_in(trace):
            for action in own_actions(loop.body):
                if isinstance(action, OptimizerStep):
                    found = _lost(loop, action)
                    met.setdefault(action.place, []).append(found)
    for several in met.values():
        if several[0] is not None and None not in several:
            yield several[0]


def _lost(loop: Loop, step: OptimizerStep) -> LostGradients | None:
    way = _way_to(loop.body, loop.place.node, step)
    if way is None:
        return None
    before, period, behind = way
    taken = set(map(id, actions(period.branch.arms[0])))
    inside = list(actions(loop.body))
    if any(_may_use(one) for one in inside if id(one) not in taken):
        return None
    if not period.counts_rounds_of(loop.place.node) or _counts_by_itself(loop.place.node):
        return None
    each_round = [*behind, *before]
    filled = [one for one in inside if isinstance(one, Backward) and fills(one, step)]
    backward = _backward(each_round, filled)
    if backward is None or _zeroing(_after(before, backward), step, surely=False):
        return None
    zeroed = _zeroing(each_round, step, surely=True)
    if zeroed is None:
        return None
    with_step = list(actions(period.branch.arms[0]))
    again = _zeroing(_after(with_step, step), step, surely=True)
    return LostGradients(
        zeroed.place,
        step.label,
        filled[0].place,
        step.place,
        period.count,
        step.confidence,
        None if again is None else again.place,
    )


def _way_to(
    trace: Trace, loop: cst.CSTNode, step: OptimizerStep
) -> tuple[Sequence[Action], Period, Sequence[Action]] | None:
    """What every round does that comes to the branch with a step, before it and behind it."""
    for index, action in enumerate(trace):
        if not isinstance(action, Branch):
            continue
        for number, arm in enumerate(action.arms):
            if not any(one is step for one in actions(arm)):
                continue
            period = period_of(action, loop)
            if period is not None:
                return None if number else (trace[:index], period, trace[index + 1 :])
            inner = _way_to(arm, loop, step)
            if inner is None:
                return None
            before, period, behind = inner
            return (*trace[:index], *before), period, (*behind, *trace[index + 1 :])
    return None


def _backward(each_round: Sequence[Action], filled: Sequence[Backward]) -> Action | None:
    """What fills gradients, once a round and in every round, if there is nothing else that does.

    An if statement may choose how: each of its arms has a backward of its own then.
    """
    ids = set(map(id, filled))
    holding = [one for one in each_round if any(id(each) in ids for each in actions((one,)))]
    if len(holding) != 1:
        return None
    found = holding[0]
    if isinstance(found, Branch):
        ways = [[one for one in arm if id(one) in ids] for arm in found.arms]
        chosen = [way[0] for way in ways if len(way) == 1]
        return found if len(chosen) == len(ways) and len(filled) == len(ways) > 1 else None
    return found if len(filled) == 1 and found is filled[0] else None


def _after(done: Sequence[Action], action: Action) -> Sequence[Action]:
    """What is done behind one of several actions."""
    places = [index for index, one in enumerate(done) if one is action]
    return done[places[0] + 1 :] if places else ()


def _zeroing(done: Sequence[Action], step: OptimizerStep, *, surely: bool) -> ZeroGrad | None:
    """The first zeroing of what a step uses, or of what it may use."""
    zeroing = surely_zeroes if surely else zeroes
    return next((one for one in done if isinstance(one, ZeroGrad) and zeroing(one, step)), None)


def _may_use(action: Action) -> bool:
    """Whether an action of a round without this step may take gradients before they are zeroed."""
    return isinstance(action, OptimizerStep | HandOver | Observed) or is_uncertain(action)


def _counts_by_itself(loop: cst.CSTNode) -> bool:
    """Whether a framework tells the rounds that step, and zeroes in no other."""
    return any(
        isinstance(one, cst.WithItem)
        and isinstance(one.item, cst.Call)
        and dotted(one.item.func).rpartition(".")[2] == "accumulate"
        for one in walk(loop)
    )
