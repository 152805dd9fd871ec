"""Recurrent layers that are trained where nothing clips gradients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from losslint.analysis.domain.containers import kind_of
from losslint.analysis.domain.trail import steps_of
from losslint.analysis.events import UnclippedRecurrence
from losslint.analysis.training.trace import Action, Clip, HandOver, actions, is_uncertain
from losslint.analysis.training.training_loop import loops_in, stepped

if TYPE_CHECKING:
    from losslint.analysis.domain.trail import Place
    from losslint.analysis.interpreter import Interpreter


def unclipped_recurrences(run: Interpreter) -> Iterator[UnclippedRecurrence]:
    """Every backward through a recurrent layer whose gradients are stepped with as they are."""
    found: dict[Place, UnclippedRecurrence | None] = {}
    for trace in run.roots if run.seen.recurrent else ():
        clipped = any(map(_may_clip, actions(trace)))
        for loop, _ in loops_in(trace):
            for step, backward in stepped(loop):
                owned = backward.deps & (step.owners or frozenset())
                layer = next(
                    (run.seen.recurrent[oid] for oid in run.seen.recurrent if oid in owned), None
                )
                if clipped:
                    found[backward.place] = None
                elif layer is not None:
                    title = kind_of(layer).rpartition(".")[2]
                    event = UnclippedRecurrence(
                        backward.place, step.label, title, steps_of(layer.built)
                    )
                    found.setdefault(backward.place, event)
    yield from (one for one in found.values() if one is not None)


def _may_clip(action: Action) -> bool:
    """Whether gradients are clipped, or may be by something that is not known."""
    return isinstance(action, Clip | HandOver) or is_uncertain(action)
