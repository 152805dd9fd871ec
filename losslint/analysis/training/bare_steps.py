"""Steps of loops that zero the gradients of an optimizer and fill none."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator
from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.events import IdleStep
from losslint.analysis.reading.nodes import walk
from losslint.analysis.reading.spelling import dotted
from losslint.analysis.training.trace import (
    Backward,
    HandOver,
    Loop,
    LossMade,
    OptimizerStep,
    Trace,
    ZeroGrad,
    actions,
    is_uncertain,
    own_actions,
)
from losslint.analysis.training.training_loop import loops_in

if TYPE_CHECKING:
    from losslint.analysis.domain.trail import Place

_MAY_FILL = re.compile(r"backward|backprop|learn|optimi[sz]e|fit|differentiat|accumulat|^grads?_")
"""Names of what may compute gradients out of sight."""
_OF_ANY_MODEL = frozenset(
    "train eval to cuda cpu parameters named_parameters state_dict zero_grad modules".split()
)


def bare_steps(roots: Iterable[Trace]) -> Iterator[IdleStep]:
    """The steps that change nothing wherever they are met, whatever the optimizer holds."""
    found: dict[Place, IdleStep | None] = {}
    for trace in roots:
        for loop, _ in loops_in(trace):
            steps = [one for one in own_actions(loop.body) if isinstance(one, OptimizerStep)]
            loss, zeroed = _loss_alone(loop) if steps else None, _zeroed(loop)
            for step in steps:
                bare = loss is not None and step.optimizer in zeroed
                idle = IdleStep(step.place, step.label, loss, None) if bare and loss else None
                found[step.place] = idle if found.get(step.place, idle) is not None else None
    yield from (one for one in found.values() if one is not None)


def _zeroed(loop: Loop) -> set[Hashable]:
    found = {one.optimizer for one in actions(loop.body) if isinstance(one, ZeroGrad)}
    return found - {None}


def _loss_alone(loop: Loop) -> Place | None:
    """A loss that is computed in a loop where nothing may compute gradients."""
    inside = list(actions(loop.body))
    if any(isinstance(one, Backward | HandOver) or is_uncertain(one) for one in inside):
        return None
    loss = next((one for one in inside if isinstance(one, LossMade) and not one.deps), None)
    return None if loss is None or _may_fill_gradients(loop.place.node) else loss.place


def _may_fill_gradients(loop: cst.CSTNode) -> bool:
    """Whether something in a loop may do so, going by what it is called or belongs to.

    A model that is called there may do more than that where other methods of it are called, too.
    """
    calls = [one.func for one in walk(loop) if isinstance(one, cst.Call)]
    called = {dotted(one) for one in calls}
    for callee in calls:
        name = dotted(callee).rpartition(".")[2]
        if _MAY_FILL.search(name):
            return True
        if isinstance(callee, cst.Attribute) and dotted(callee.value) in called:
            if name not in _OF_ANY_MODEL:
                return True
    return False
