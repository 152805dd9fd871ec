"""Optimizers that zero their gradients and step with what fills the gradients of others alone."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import TYPE_CHECKING

from losslint.analysis.events import IdleStep
from losslint.analysis.training.trace import (
    Backward,
    Branch,
    HandOver,
    Loop,
    OptimizerStep,
    Trace,
    ZeroGrad,
    is_uncertain,
)
from losslint.analysis.training.training_loop import loops_in

if TYPE_CHECKING:
    from losslint.analysis.domain.trail import Place

ENOUGH_DEPS = 40
"""A loss that depends on more may depend on what was left out, too."""


def emptied_steps(roots: Iterable[Trace], others: frozenset[Hashable]) -> Iterator[IdleStep]:
    """The steps of loops between whose zeroing and which only other modules get a gradient.

    Args:
        roots: what the program does.
        others: what is no module; of a loss that depends on it, nothing is known.
    """
    found: dict[Place, list[IdleStep | None]] = {}
    for trace in roots:
        for loop, _ in loops_in(trace):
            for place, idle in _in_line(loop.body, others):
                found.setdefault(place, []).append(idle)
    for several in found.values():
        if several[0] is not None and None not in several:
            yield several[0]


def _in_line(trace: Trace, others: frozenset[Hashable]) -> Iterator[tuple[Place, IdleStep | None]]:
    """Each step of a block; what comes with a branch, or out of sight, may fill any gradient."""
    zeroed: dict[Hashable, Place] = {}
    since: dict[Hashable, list[Backward]] = {}
    for one in trace:
        if isinstance(one, Branch | Loop | HandOver) or is_uncertain(one):
            since.clear()
        elif isinstance(one, ZeroGrad) and one.optimizer is not None:
            since[one.optimizer] = []
            zeroed[one.optimizer] = one.place
        elif isinstance(one, Backward):
            for backwards in since.values():
                backwards.append(one)
        elif isinstance(one, OptimizerStep):
            backwards = since.get(one.optimizer, [])
            idle = None
            if backwards and all(_is_of_others(by, one, others) for by in backwards):
                by = backwards[-1].place
                idle = IdleStep(one.place, one.label, by, by, zeroed[one.optimizer])
            yield one.place, idle


def _is_of_others(backward: Backward, step: OptimizerStep, others: frozenset[Hashable]) -> bool:
    """Whether a loss depends on modules, and on none that an optimizer steps."""
    ours, theirs = step.owners or frozenset(), backward.deps
    return (
        bool(ours)
        and 0 < len(theirs) < ENOUGH_DEPS
        and all(isinstance(one, int) for one in ours | theirs)
        and theirs.isdisjoint(ours | others)
    )
