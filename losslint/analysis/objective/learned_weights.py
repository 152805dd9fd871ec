"""Weights of losses that are parameters, and what keeps training from making them vanish."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.domain.values import PROBABILITIES, Tensor, Unknown, Value, alternatives_of
from losslint.analysis.events import Family, LearnedWeight, LossTerm, VanishingWeight
from losslint.analysis.reading.spelling import dotted
from losslint.analysis.training.trace import OptimizerStep, actions
from losslint.finding import Confidence

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter

ALONE = frozenset(
    "exp exp_ exp2 abs absolute square log log1p expm1 softplus sigmoid relu tanh float double "
    "half squeeze unsqueeze view reshape expand to type_as cuda cpu clone".split()
)
"""Functions whose result is made of a parameter alone where their argument is."""
TENDING = frozenset({"data", "grad", "requires_grad", "register_hook"})
"""Attributes of a parameter through which the program itself decides what becomes of it."""


@dataclass(slots=True)
class Weights:
    """What a run has seen of the learned weights of losses."""

    tended: set[Hashable] = field(default_factory=set)
    """Modules with parameters that something else than the weighted losses acts on."""
    handled: set[Hashable] = field(default_factory=set)
    """Modules some parameter of which the program changes by itself, or divides by."""


def alone(made: Tensor, given: Tensor) -> Tensor:
    """What was made of a tensor, and of nothing else that varies: of a parameter it is one too."""
    return made if given.owner is None else made.but(owner=given.owner)


def weighed(
    run: Interpreter, loss: Tensor, factor: Value, node: cst.CSTNode, first: bool = False
) -> Tensor:
    """A loss that was multiplied with a factor or divided by it, with the weight if it learns.

    Args:
        run: the interpreter.
        loss: the product, with the terms of the loss.
        factor: what the loss was multiplied with, or divided by.
        node: the product in the code.
        first: the factor stands before the loss there.
    """
    if type(factor) is not Tensor or factor.owner is None or not factor.grad or factor.terms:
        return loss
    if factor.act in PROBABILITIES and factor.shape == "one-minus":
        run.seen.weights.tended |= factor.owner  # what one task loses by it another one gains
        return loss
    weight = LearnedWeight(run.place(node), _text(node, first), factor.owner)
    return loss.but(terms=tuple(_with(term, weight) for term in loss.terms))


def _with(term: LossTerm, weight: LearnedWeight) -> LossTerm:
    if term.learned is not None or term.family is Family.POLICY:
        return term
    return replace(term, learned=weight)


def _text(node: cst.CSTNode, first: bool) -> str:
    """The factor as text."""
    if isinstance(node, cst.BinaryOperation):
        return dotted(node.left if first else node.right)
    return dotted(node.value) if isinstance(node, cst.AugAssign) else "a parameter"


def added(run: Interpreter, one: Tensor, other: Tensor) -> bool:
    """Notes what is added to a loss, if it can be trained: the weights alone hold them up.

    Returns whether it can.
    """
    if bool(one.terms) == bool(other.terms):
        return False
    loss, rest = (one, other) if one.terms else (other, one)
    if rest.grad:
        run.seen.weights.tended |= rest.deps or _owners(loss)
    return rest.grad


def subtracted(run: Interpreter, one: Tensor, other: Tensor) -> None:
    """Notes what is taken from a loss; what is trained the other way is another game."""
    added(run, one, other)
    if other.terms:
        run.seen.weights.tended |= _owners(other)


def tend(run: Interpreter, parameter: Tensor) -> None:
    """Notes that the program changes a parameter, or its gradient, by itself."""
    if parameter.owner is not None:
        run.seen.weights.tended |= parameter.owner
        run.seen.weights.handled |= parameter.owner


def _owners(loss: Value) -> set[Hashable]:
    """The modules that hold the learned weights of a loss."""
    if not isinstance(loss, Tensor):
        return set()
    return {owner for term in loss.terms if term.learned for owner in term.learned.owner}


def vanishing_weights(run: Interpreter) -> list[VanishingWeight]:
    """The learned weights of losses that only these losses act on, and that are trained."""
    trained = [
        one.value
        for backward in run.seen.backpropagations.values()
        for loss in backward.losses
        for one in alternatives_of(loss)
    ]
    returned = [one.value for found in run.seen.returned for one in alternatives_of(found.loss)]
    if not any(_owners(one) for one in (*trained, *returned)):
        return []
    tended = set(run.seen.weights.tended)
    for value in trained:
        if isinstance(value, Tensor | Unknown):
            tended |= value.deps - _owners(value)
    found: dict[frozenset[Hashable], VanishingWeight] = {}
    for values, sure in ((trained, Confidence.HIGH), (returned, Confidence.MEDIUM)):
        for value in values:
            for term in value.terms if isinstance(value, Tensor) else ():
                weight = term.learned
                if weight is None or not weight.owner.isdisjoint(tended):
                    continue
                known = found.get(weight.owner)
                if known is None:
                    if _is_trained(run, weight):
                        made = VanishingWeight(weight.place, weight.text, term.place, (), sure)
                        found[weight.owner] = made
                elif weight.place not in (known.place, *known.others):
                    others = (*known.others, weight.place)
                    found[weight.owner] = replace(known, others=others)
    return list(found.values())


def _is_trained(run: Interpreter, weight: LearnedWeight) -> bool:
    """Whether an optimizer may hold a weight; of the others it is said that none does."""
    steps = [one for trace in run.roots for one in actions(trace) if isinstance(one, OptimizerStep)]
    return not steps or any(
        step.owners is None or not step.owners.isdisjoint(weight.owner) for step in steps
    )
