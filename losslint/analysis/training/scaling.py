"""The protocol of a gradient scaler: scale, step through the scaler, update."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from losslint.analysis.domain.trail import Place
from losslint.analysis.events import ScalerFault
from losslint.analysis.training.clipping import rounds_of
from losslint.analysis.training.trace import (
    HandOver,
    Loop,
    OptimizerStep,
    Scale,
    ScalerUpdate,
    Trace,
    actions,
)
from losslint.analysis.training.training_loop import loops_in, stepped


def scaler_faults(roots: Sequence[Trace]) -> Iterator[ScalerFault]:
    """Steps with gradients that are still scaled, and scalers that are never updated."""
    judged: dict[Place, list[ScalerFault | None]] = {}
    for trace in roots:
        everything = list(actions(trace))
        updated = any(isinstance(one, ScalerUpdate | HandOver) for one in everything)
        for loop, _ in loops_in(trace):
            if any(isinstance(one, Scale) for one in actions(loop.body)):
                for step, backward in stepped(loop):
                    found = _judged(loop, step, backward.place, updated)
                    judged.setdefault(step.place, []).append(found)
    for several in judged.values():
        if several[0] is not None and None not in several:
            yield several[0]


def _judged(loop: Loop, step: OptimizerStep, backward: Place, updated: bool) -> ScalerFault | None:
    if step.scaled:
        if updated:
            return None
        return ScalerFault(step.place, step.label, backward, False, step.confidence)
    if rounds_of(loop, step).stepped.get(step.place) != {"scaled"}:
        return None
    return ScalerFault(step.place, step.label, backward, True, step.confidence)
