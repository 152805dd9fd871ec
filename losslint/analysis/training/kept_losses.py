"""Which of the losses that are kept from round to round are only looked at later."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.domain.trail import Place
from losslint.analysis.domain.values import Tensor
from losslint.analysis.events import Accumulation
from losslint.analysis.objective.named_losses import ABOUT_LOSSES, BUT_FOR_ERRORS, LOSS_NAMED
from losslint.analysis.reading.nodes import walk
from losslint.analysis.reading.spelling import dotted, kept_by
from losslint.analysis.training.accumulation import losses_in
from losslint.analysis.training.counts import over_batches
from losslint.analysis.training.trace import (
    Action,
    Backward,
    Branch,
    KeepLoss,
    Loop,
    OptimizerStep,
    Trace,
    actions,
)

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter


def accumulations(run: Interpreter) -> list[Accumulation]:
    """The losses that are kept with their graph and only looked at later."""
    found: dict[Place, Accumulation] = {}
    trained = _trained(run)
    objects = frozenset(one.oid for made in run.instances.values() for one in made)
    layers = frozenset().union(*(_trained_in(list(actions(trace))) for trace in run.roots))
    layers -= objects
    kept = [one for trace in run.roots for one in _kept_in(trace)]
    # where training empties it, the loops that do not are others, such as those of an evaluation
    emptied = {keep.place for keep, around in kept if _is_emptied(run, keep, around)}
    for keep, around in kept:
        if keep.place in run.seen.backpropagated | emptied or keep.place in found:
            continue
        inside = list(actions(around[-1].body))
        place = _backpropagated_in(run, around[-1], inside, keep)
        if place is not None:
            found[keep.place] = _told(run, keep, place)
        elif keep.has_graph and keep.place not in run.seen.handed_on:
            read = keep.place in run.seen.numbers
            called = read or _is_called_loss(keep.total)
            if (read and _is_only_looked_at(keep, around, trained, layers)) or (
                (called and _is_beside_training(keep.deps, inside, objects))
                or (
                    (called or _names_a_loss(keep))
                    and _is_beside_training(keep.reached, inside, objects)
                )
            ):
                found[keep.place] = _told(run, keep, None)
    return list(found.values())


def _told(run: Interpreter, keep: KeepLoss, backward: Place | None) -> Accumulation:
    as_tensor = keep.place in run.seen.tensors or keep.total in _tensors_in(keep.place.file.tree)
    value = kept_by(keep.place.node)
    kept = "..." if value is None or value.lpar else dotted(value)
    return Accumulation(
        keep.place,
        keep.total,
        keep.listed,
        backward,
        "loss" if kept.startswith("...") else kept,
        keep.passed,
        as_tensor,
    )


@lru_cache(maxsize=64)
def _tensors_in(tree: cst.Module) -> frozenset[str]:
    """The names of what a file calls methods of that no number of Python's has."""
    return frozenset(
        dotted(one.value)
        for one in walk(tree)
        if isinstance(one, cst.Attribute) and one.attr.value in _OF_TENSORS
    )


_OF_TENSORS = frozenset({"cpu", "cuda", "detach", "item", "numpy", "to"})


def _is_emptied(run: Interpreter, keep: KeepLoss, around: Sequence[Loop]) -> bool:
    """Whether a call sets a total back, so that it holds the losses of a few rounds at most."""
    for one in reversed(around):
        if (one.place, keep.total.removesuffix("[...]")) in run.seen.emptied:
            return True
        if over_batches(run, one.place.node):
            return False
    return False


def _backpropagated_in(
    run: Interpreter, loop: Loop, inside: Sequence[Action], keep: KeepLoss
) -> Place | None:
    """Where a loss that is kept is backpropagated in the same round."""
    for one in inside:
        if isinstance(one, Backward) and one.losses & keep.losses:
            return one.place
    if isinstance(loop.place.node, cst.FunctionDef):  # a hook: Lightning calls backward
        for other in run.seen.backpropagations.values():
            if any(losses_in(loss) & keep.losses for loss in other.losses):
                return other.place
    return None


def _is_called_loss(total: str) -> bool:
    """Whether a variable, of which all uses can be seen, is called a loss."""
    return "." not in total and bool(LOSS_NAMED.search(total))


def _trained(run: Interpreter) -> dict[Hashable, list[frozenset[Place]]]:
    """What is backpropagated, with the loops around each place where that is done."""
    found: dict[Hashable, list[frozenset[Place]]] = {}
    for loss in run.seen.differentiated:
        found.setdefault(loss, []).append(frozenset())
    for trace in run.roots:
        for one, around in _within(trace, ()):
            for loss in one.losses if isinstance(one, Backward) else ():
                found.setdefault(loss, []).append(_places(around))
    return found


def _places(loops: Sequence[Loop]) -> frozenset[Place]:
    return frozenset(one.place for one in loops if one.repeats)


def _is_only_looked_at(
    keep: KeepLoss,
    around: tuple[Loop, ...],
    trained: dict[Hashable, list[frozenset[Place]]],
    layers: frozenset[Hashable],
) -> bool:
    """Whether a loss that is kept is one of those that others are trained with, as in a test.

    Those that are trained with are backpropagated one by one, in a loop of their own, and by way
    of the same layers.
    """
    known = [where for loss in keep.losses for where in trained.get(loss, ())]
    if not known:
        # of what is not known, nothing but its name says that it is a loss
        trains = any(isinstance(one, Backward) for one in actions(around[0].body))
        named = _names_a_loss(keep, ABOUT_LOSSES if trains else BUT_FOR_ERRORS)
        return named and not all(isinstance(one, Tensor) for one in keep.losses)
    trained_too = not keep.deps or not keep.deps.isdisjoint(layers)
    return trained_too and all(where - _places(around) for where in known)


def _names_a_loss(keep: KeepLoss, named: re.Pattern[str] = ABOUT_LOSSES) -> bool:
    """Whether the statement that keeps something calls it a loss, or the total."""
    names = (one.value for one in walk(keep.place.node) if isinstance(one, cst.Name))
    return any(named.search(name) for name in (keep.total, *names))


def _stepped(inside: Iterable[Action]) -> frozenset[Hashable]:
    """The modules that optimizers step."""
    steps = [one for one in inside if isinstance(one, OptimizerStep)]
    return frozenset().union(*(one.owners or () for one in steps))


def _trained_in(inside: Sequence[Action]) -> frozenset[Hashable]:
    """The layers that optimizers step; of one that is not known, those that were backpropagated."""
    stepped = _stepped(inside)
    if any(isinstance(one, OptimizerStep) and one.owners is None for one in inside):
        return stepped.union(*(one.deps for one in inside if isinstance(one, Backward)))
    return stepped


def _is_beside_training(
    reached: frozenset[Hashable], inside: Sequence[Action], objects: frozenset[Hashable]
) -> bool:
    """Whether something is kept of a model that is trained in the same loop, by another loss.

    Args:
        reached: what a gradient of it goes to.
        inside: what is done in the loop.
        objects: the objects of the project's own classes, whose attributes may be numbers.
    """
    return not reached.isdisjoint(_trained_in(inside) - objects) and any(
        isinstance(one, Backward) and reached <= one.deps for one in inside
    )


def _kept_in(trace: Trace) -> Iterator[tuple[KeepLoss, tuple[Loop, ...]]]:
    """Every loss that is kept, with the loops around it; it outlives the rounds of the last."""
    for action, around in _within(trace, ()):
        if isinstance(action, KeepLoss):
            places = [one.place for one in around]
            if action.loop in places:
                known = around[: len(places) - places[::-1].index(action.loop)]
                if known[-1].repeats:
                    yield action, known


def _within(trace: Trace, around: tuple[Loop, ...]) -> Iterator[tuple[Action, tuple[Loop, ...]]]:
    """Every action in a trace, with the loops around it."""
    for action in trace:
        if isinstance(action, Loop):
            yield from _within(action.body, (*around, action))
        elif isinstance(action, Branch):
            for arm in action.arms:
                yield from _within(arm, around)
        else:
            yield action, around
