"""Optimizers that step with no gradient, gradients that no optimizer steps with."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from losslint.analysis.domain.containers import kind_of
from losslint.analysis.domain.lookup import find_method
from losslint.analysis.domain.values import Class, Instance, Tensor
from losslint.analysis.events import IdleStep, MissingStep, UntrainedParameters
from losslint.analysis.objective.named_losses import LOSS_NAMED
from losslint.analysis.torch_api.registry import group_of_kind
from losslint.analysis.training.trace import (
    Action,
    Backward,
    HandOver,
    LossMade,
    OptimizerMade,
    OptimizerStep,
    ZeroGrad,
    actions,
)
from losslint.analysis.training.training_loop import loops_in
from losslint.analysis.training.unheld_models import FROZEN

if TYPE_CHECKING:
    import libcst as cst

    from losslint.analysis.domain.trail import Place
    from losslint.analysis.interpreter import Interpreter

ENOUGH_DEPS = 40
"""A loss that depends on more may depend on what was left out, too."""


def idle_steps(run: Interpreter) -> Iterator[IdleStep | MissingStep | UntrainedParameters]:
    """What is wrong between the backwards and the steps of whole training loops."""
    if run.seen.differentiated:
        return  # gradients that are asked for without a backward may be set by hand
    steps: dict[Place, list[IdleStep | None]] = {}
    missing: dict[Place, MissingStep] = {}
    stepped: set[Place] = set()
    others = _no_modules(run)
    for trace in run.roots:
        everything = list(actions(trace))
        stepped |= _backwards_with_steps(everything)
        if any(isinstance(one, HandOver) for one in everything):
            continue
        for loop, _ in loops_in(trace):
            inside = list(actions(loop.body))
            for step in _steps(inside):
                steps.setdefault(step.place, []).append(_idle(step, inside, everything, others))
            for found in _without_step(inside, everything):
                missing.setdefault(found.place, found)
    for several in steps.values():
        if several[0] is not None and None not in several:
            yield several[0]
    yield from (found for place, found in missing.items() if place not in stepped)
    yield from _untrained(run)


def _backwards_with_steps(everything: Sequence[Action]) -> set[Place]:
    """The backwards of a root in which some optimizer steps, or something unknown may."""
    if any(isinstance(one, OptimizerStep | HandOver) or _uncertain(one) for one in everything):
        return {one.place for one in everything if isinstance(one, Backward)}
    return set()


def _uncertain(action: Action) -> bool:
    """Whether an action is a call of something unknown that was given a model or an optimizer."""
    return isinstance(action, ZeroGrad) and not action.certain


def _steps(inside: Sequence[Action]) -> list[OptimizerStep]:
    """The steps in a loop with optimizers whose parameters are all known modules."""
    return [
        one
        for one in inside
        if isinstance(one, OptimizerStep) and one.owners and _are_modules(one.owners)
    ]


def _are_modules(owners: frozenset[Hashable]) -> bool:
    return all(isinstance(one, int) for one in owners)


def _no_modules(run: Interpreter) -> frozenset[Hashable]:
    """Objects of the project's classes that are not known to be modules, such as data sets."""
    return frozenset(
        instance.oid
        for instances in run.instances.values()
        for instance in instances
        if group_of_kind(kind_of(instance)) != "module" and find_method(instance, "forward") is None
    )


def _idle(
    step: OptimizerStep,
    inside: Sequence[Action],
    everything: Sequence[Action],
    others: frozenset[Hashable],
) -> IdleStep | None:
    """The step, if no backward gives its parameters a gradient.

    Args:
        step: the step.
        inside: what is done in its loop.
        everything: what is done in all of the code around it.
        others: objects that are no modules; of a loss that depends on none, nothing is known.
    """
    assert step.owners is not None
    if any(_uncertain(one) for one in everything):
        return None
    backwards = [one for one in everything if isinstance(one, Backward)]
    for one in backwards:
        known = one.deps - others and len(one.deps) < ENOUGH_DEPS and _are_modules(one.deps)
        if not known or one.deps & step.owners:
            return None
    loss = next((one for one in inside if isinstance(one, LossMade) and _is_of(one, step)), None)
    other = next((one for one in inside if isinstance(one, Backward)), None)
    if loss is None or (backwards and other is None):
        return None
    return IdleStep(step.place, step.label, loss.place, None if other is None else other.place)


def _is_of(loss: LossMade, step: OptimizerStep) -> bool:
    """Whether a loss is made to train what an optimizer steps, as far as can be told."""
    return not loss.deps or not loss.deps.isdisjoint(step.owners or ())


def _without_step(inside: Sequence[Action], everything: Sequence[Action]) -> Iterator[MissingStep]:
    """The backward of a loop that zeroes an optimizer, or the model of one, which never steps."""
    if any(isinstance(one, OptimizerStep) or _uncertain(one) for one in everything):
        return
    made = [one for one in everything if isinstance(one, OptimizerMade)]
    zero = next(
        (one for one in inside if isinstance(one, ZeroGrad) and _is_for_a_step(one, made)), None
    )
    backward = next((one for one in inside if isinstance(one, Backward)), None)
    if zero is not None and backward is not None:
        yield MissingStep(backward.place, zero.place)


def _is_for_a_step(zero: ZeroGrad, made: Iterable[OptimizerMade]) -> bool:
    """Whether gradients are zeroed that an optimizer of the same code is to use."""
    if zero.optimizer is not None:
        return True
    owners = zero.owners or frozenset()
    return any(one.owners and not owners.isdisjoint(one.owners) for one in made)


def _untrained(run: Interpreter) -> Iterator[UntrainedParameters]:
    """Losses with parameters of their own that no optimizer of their loop holds."""
    losses = _losses_with_parameters(run)
    passing = _kept_nowhere(run)
    held: set[Hashable] = set()
    used: dict[Hashable, Place] = {}
    for trace in run.roots if losses or passing else ():
        for one in actions(trace):
            if isinstance(one, OptimizerStep):
                if one.owners is None or not _are_modules(one.owners):
                    return
                held |= one.owners
            elif isinstance(one, HandOver) or _uncertain(one):
                return
            elif isinstance(one, Backward):
                for owner in one.deps & (losses.keys() | passing.keys()):
                    used.setdefault(owner, one.place)
    for owner, backward in used.items():
        if not held or owner in held:
            continue
        if owner in passing:
            yield UntrainedParameters(passing[owner], "", backward)
            continue
        instance, name = losses[owner]
        assert instance.built is not None
        yield UntrainedParameters(instance.built.step.place, name, backward)


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


def _losses_with_parameters(run: Interpreter) -> Mapping[Hashable, tuple[Instance, str]]:
    """Objects of the project's loss classes that have parameters of their own."""
    found: dict[Hashable, tuple[Instance, str]] = {}
    for cls, instances in run.instances.items():
        if not _is_loss(cls):
            continue
        for instance in instances:
            if FROZEN in run.seen.handling.get(instance.oid, ()) or not instance.built:
                continue
            for name, value in instance.slots.items():
                if isinstance(value, Tensor) and value.shape == "parameter" and value.owner:
                    found[instance.oid] = (instance, str(name))
                    break
    return found


def _is_loss(cls: Class) -> bool:
    name = cls.name.casefold()
    return "loss" in name or "criterion" in name or "weighting" in name
