"""Models that no optimizer holds, where one of several optimizers holds another model again."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING, TypeAlias

from losslint.analysis.domain.containers import kind_of
from losslint.analysis.domain.lookup import find_method
from losslint.analysis.domain.values import Instance, Tensor
from losslint.analysis.events import UnheldModel
from losslint.analysis.objective.named_losses import LOSS_NAMED
from losslint.analysis.training.handling import (
    COPIED,
    FROZEN,
    HANDED,
    THAWED,
    objects_in,
    parts_of,
)
from losslint.analysis.training.trace import (
    Action,
    Backward,
    Branch,
    HandOver,
    Loop,
    OptimizerMade,
    OptimizerStep,
    Trace,
    actions,
    is_uncertain,
)
from losslint.analysis.training.training_loop import loops_in

if TYPE_CHECKING:
    from losslint.analysis.domain.trail import Place
    from losslint.analysis.interpreter import Interpreter

_Test: TypeAlias = Callable[[Action], bool]
_UNDONE = {"eval": "train", FROZEN: THAWED}
"""What is done to a model for a while says nothing."""
_HOOK = "configure_optimizers"


def unheld_models(run: Interpreter) -> Iterator[UnheldModel]:
    """Models that a loss depends on, in programs that give two optimizers the same model.

    Nothing is said where the program treats the model in another way than the one that is held, as
    it does with what it freezes, loads, or updates by hand.
    """
    twins = list(_twins(run))
    if not twins:
        return
    held = _held(run)
    if held is None:
        return
    told: set[Place] = set()
    for one, other, loop in twins:
        for model in _models(run, held):
            parts = parts_of(model)
            if not _is_meant_alike(run, parts, one.owners or frozenset()):
                continue
            found = _found(run, one, other, loop, model, parts)
            if found is not None and told.isdisjoint({one.place, other.place}):
                told |= {one.place, other.place}
                yield found
                break


@dataclass(frozen=True, slots=True)
class _Loop:
    """A loop in which two optimizers step in one round."""

    inside: Sequence[Action]
    labels: dict[Hashable, str]


def _twins(run: Interpreter) -> Iterator[tuple[OptimizerMade, OptimizerMade, _Loop | None]]:
    """Optimizers that get all of a model which another one has, too, and that step together."""
    made = [one for trace in run.roots for one in actions(trace) if isinstance(one, OptimizerMade)]
    by_optimizer = {one.optimizer: one for one in made}
    pairs = [
        (one, other)
        for one, other in permutations(reversed(by_optimizer.values()), 2)
        if one.whole and one.owners and other.owners and one.owners <= other.owners
        if one.place != other.place
    ]
    if not pairs:
        return
    for one, other in pairs:
        in_hooks = one.function == other.function == _HOOK
        if in_hooks and any(_together(trace, _is(one), _is(other)) for trace in run.roots):
            yield one, other, None
    for trace in run.roots:
        if any(isinstance(one, HandOver) or is_uncertain(one) for one in actions(trace)):
            continue
        for loop, _ in loops_in(trace):
            inside = list(actions(loop.body))
            labels = {
                step.optimizer: step.label for step in inside if isinstance(step, OptimizerStep)
            }
            for one, other in pairs:
                if one.optimizer in labels and other.optimizer in labels:
                    if _together(loop.body, _steps(one), _steps(other)):
                        yield one, other, _Loop(inside, labels)


def _together(trace: Trace, one: _Test, other: _Test) -> bool:
    """Whether two actions may happen one after the other, on no different branches."""
    first = [action for action in trace if any(map(one, actions((action,))))]
    second = [action for action in trace if any(map(other, actions((action,))))]
    if any(a is not b for a in first for b in second):
        return True
    return any(
        _together(arm, one, other)
        for both in first[:1]
        if second and isinstance(both, Branch | Loop)
        for arm in (both.arms if isinstance(both, Branch) else (both.body,))
    )


def _is(made: OptimizerMade) -> _Test:
    return lambda action: action == made


def _steps(made: OptimizerMade) -> _Test:
    return lambda action: isinstance(action, OptimizerStep) and action.optimizer == made.optimizer


def _held(run: Interpreter) -> frozenset[Hashable] | None:
    """All that optimizers hold; None where that cannot be told of one of them."""
    held: frozenset[Hashable] = frozenset()
    made: set[Hashable] = set()
    everything = [one for trace in run.roots for one in actions(trace)]
    for one in everything:
        if isinstance(one, OptimizerMade):
            if one.owners is None:
                return None
            made.add(one.optimizer)
            held |= one.owners
    for one in everything:
        if isinstance(one, OptimizerStep):
            if one.owners is None and one.optimizer not in made:
                return None
            held |= one.owners or frozenset()
    return held


def _models(run: Interpreter, held: frozenset[Hashable]) -> Iterator[Instance]:
    """Models of the project none of whose parts an optimizer holds, the outermost ones first."""
    found = [
        instance
        for cls, instances in run.instances.items()
        if not LOSS_NAMED.search(cls.name)
        for instance in instances
        if find_method(instance, "forward") is not None and instance.oid not in held
    ]
    inside = {instance.oid: parts_of(instance) for instance in found}
    for instance in found:
        own = inside[instance.oid]
        inner = any(instance.oid in inside[other] and other != instance.oid for other in inside)
        if not inner and held.isdisjoint(own) and _is_of_layers(instance):
            yield instance


def _is_of_layers(model: Instance) -> bool:
    """Whether a model is made of layers of torch alone, none of which comes trained."""
    return all(
        find_method(one, "forward") is not None or kind_of(one).startswith(("torch.", "builtins."))
        for one in objects_in(model)
    )


def _is_meant_alike(
    run: Interpreter, parts: frozenset[Hashable], twice: frozenset[Hashable]
) -> bool:
    """Whether the program treats a model as it does the one that is held twice."""
    ours, theirs = _handling(run, parts), _handling(run, twice)
    ours -= {done for done, undone in _UNDONE.items() if undone in ours}
    other = ours - theirs - set(_UNDONE.values())
    return not other and not {HANDED, COPIED} & (ours | theirs)


def _handling(run: Interpreter, parts: frozenset[Hashable]) -> set[str]:
    return {how for part in parts for how in run.seen.handling.get(part, ())}


def _found(
    run: Interpreter,
    one: OptimizerMade,
    other: OptimizerMade,
    loop: _Loop | None,
    model: Instance,
    parts: frozenset[Hashable],
) -> UnheldModel | None:
    """The finding, if a loss depends on the model; of two alike, at the one that is to train it."""
    title = getattr(model.cls, "name", "")
    if loop is None:
        for returned in run.seen.backpropagations.values():
            for loss in returned.losses:
                if isinstance(loss, Tensor) and not parts.isdisjoint(loss.deps):
                    return UnheldModel(one.place, "", "", title, returned.place)
        return None
    backward = next(
        (a for a in loop.inside if isinstance(a, Backward) and not parts.isdisjoint(a.deps)), None
    )
    if backward is None:
        return None
    behind = loop.inside[loop.inside.index(backward) :]
    mine = next((a.optimizer for a in behind if isinstance(a, OptimizerStep)), one.optimizer)
    if mine == other.optimizer and other.whole and other.owners == one.owners:
        one, other = other, one
    return UnheldModel(
        one.place, loop.labels[one.optimizer], loop.labels[other.optimizer], title, backward.place
    )
