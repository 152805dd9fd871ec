"""Parameters that losses depend on, and that no optimizer holds."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from losslint.analysis.domain.lookup import find_method
from losslint.analysis.domain.values import Instance, Tensor, Unknown, Value, alternatives_of
from losslint.analysis.events import UntrainedParameters
from losslint.analysis.objective.named_losses import LOSS_NAMED
from losslint.analysis.training.handling import FROZEN
from losslint.analysis.training.trace import (
    Backward,
    HandOver,
    OptimizerStep,
    actions,
    is_model,
    is_uncertain,
)

if TYPE_CHECKING:
    import libcst as cst

    from losslint.analysis.domain.trail import Place
    from losslint.analysis.interpreter import Interpreter


def untrained_parameters(run: Interpreter) -> Iterator[UntrainedParameters]:
    """Losses with parameters of their own that no optimizer of their loop holds.

    So are modules that are fed by what is optimized: who leaves out a part of a network on purpose
    leaves out what the rest stands on.
    """
    if run.seen.differentiated:
        return  # gradients that are asked for without a backward may be used by hand
    yield from _passing(run)
    losses = _losses_with_parameters(run)
    held: set[Hashable] = set()
    used: dict[Hashable, Place] = {}
    newest = 0  # the last optimizer that holds a model which its function was given
    for trace in run.roots if losses else ():
        for one in actions(trace):
            if isinstance(one, OptimizerStep):
                if one.owners is None or not all(is_model(part) for part in one.owners):
                    return
                if not all(isinstance(part, int) for part in one.owners):
                    if not isinstance(one.optimizer, int):
                        return
                    newest = max(newest, one.optimizer)
                held |= one.owners
            elif isinstance(one, HandOver) or is_uncertain(one):
                return
            elif isinstance(one, Backward):
                for owner in one.deps & losses.keys():
                    used.setdefault(owner, one.place)
    for owner, backward in used.items():
        if not held or owner in held:
            continue
        instance, name = losses[owner]
        assert instance.built is not None
        if instance.oid < newest:
            continue  # the model may hold it
        is_loss = _is_loss(instance)
        if is_loss or (
            not run.seen.fed.get(owner, frozenset()).isdisjoint(held)
            and not run.seen.handling.get(owner, set()) - {"train"}
        ):
            place = instance.built.step.place
            yield UntrainedParameters(
                place, name, backward, is_loss or _gives_a_loss(run, instance)
            )


def _passing(run: Interpreter) -> Iterator[UntrainedParameters]:
    """Parameters that are made anew for every loss: whatever is optimized, they are not."""
    passing = _kept_nowhere(run)
    everything = [one for trace in run.roots for one in actions(trace)] if passing else []
    steps = [one for one in everything if isinstance(one, OptimizerStep)]
    held = frozenset().union(*(one.owners or () for one in steps))
    for owner, place in passing.items() if steps else ():
        for one in everything:
            if isinstance(one, Backward) and owner in one.deps - held:
                yield UntrainedParameters(place, "", one.place)
                break


def _kept_nowhere(run: Interpreter) -> Mapping[Hashable, Place]:
    """Parameters that loss functions make anew, and that no object has."""
    if not run.seen.passing:
        return {}
    kept: set[Hashable] = set()
    for instances in run.instances.values():
        for instance in instances:
            for value in instance.slots.values():
                if isinstance(value, Tensor):
                    kept |= value.owner or frozenset()
    return {owner: place for owner, place in run.seen.passing.items() if owner not in kept}


def note_passing(run: Interpreter, owner: Hashable, node: cst.CSTNode) -> None:
    """Notes a parameter that a loss function makes anew in each round of a loop."""
    if run.looping and LOSS_NAMED.search(run.frame.name):
        run.seen.passing[owner] = run.place(node)


def note_fed(run: Interpreter, module: Instance, given: Iterable[Value]) -> None:
    """Notes what the input of a module with parameters of its own depends on."""
    if _own_parameter(module) and not run.no_grad:
        fed = run.seen.fed.setdefault(module.oid, set())
        for value in given:
            for one in alternatives_of(value):
                if isinstance(one.value, Tensor | Unknown) and one.value.grad:
                    fed |= one.value.deps


def _losses_with_parameters(run: Interpreter) -> Mapping[Hashable, tuple[Instance, str]]:
    """Objects of the project's classes that have parameters of their own, by what these are of."""
    return {
        instance.oid: (instance, name)
        for instances in run.instances.values()
        for instance in instances
        if (name := _own_parameter(instance)) and instance.built
        if FROZEN not in run.seen.handling.get(instance.oid, ())
        if _is_loss(instance) or instance.oid in run.seen.fed
    }


def _own_parameter(module: Instance) -> str:
    """The name of the first parameter that a module trains itself; empty where it has none."""
    for name, value in module.slots.items():
        if isinstance(value, Tensor) and value.shape == "parameter" and value.owner is not None:
            return str(name)
    return ""


def _is_loss(module: Instance) -> bool:
    name = module.cls.name.casefold()
    return "loss" in name or "criterion" in name or "weighting" in name


def _gives_a_loss(run: Interpreter, module: Instance) -> bool:
    """Whether what a module returns is a loss, whatever it is called."""
    forward = find_method(module, "forward")
    return forward is not None and forward.node.body in run.seen.returning
