"""What is backpropagated, and where the way of the gradient from there to a model ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from losslint.analysis.domain.conditions import is_cut_off
from losslint.analysis.domain.marks import NO_GRAD
from losslint.analysis.domain.values import Tensor, Value, alternatives_of
from losslint.analysis.events import Backpropagation, Cut, Operation, OperationKind
from losslint.analysis.training.detours import lost_detours
from losslint.analysis.training.gradient_flow import DECISIONS, ON_PURPOSE

if TYPE_CHECKING:
    import libcst as cst

    from losslint.analysis.interpreter import Interpreter

MAX_LOSSES = 64


def backpropagated(run: Interpreter, node: cst.CSTNode, loss: Value, weighted: bool) -> None:
    """Says what is backpropagated; ``weighted`` where the gradient of the loss is given too."""
    if run.dead:
        return
    losses = tuple(one.value for one in alternatives_of(loss))
    place = run.place(node)
    known = run.seen.backpropagations.get(place)
    if known is not None:
        # a method of a choice of values is called on one after the other
        if len(known.losses) >= MAX_LOSSES:
            return
        losses = (*known.losses, *losses)
        weighted |= known.weighted
    run.seen.backpropagations[place] = Backpropagation(place, losses, (), weighted)


def backpropagations(run: Interpreter) -> list[Backpropagation]:
    """Every call of backward, with the cuts on the way to what it was seen to be called on."""
    return [
        replace(one, cuts=_cuts_in(one.losses) + _detours_in(run, one))
        for one in run.seen.backpropagations.values()
    ]


def _detours_in(run: Interpreter, found: Backpropagation) -> tuple[Cut, ...]:
    """The cuts before models whose gradients nothing uses, in terms of what is backpropagated."""
    tensors = [one for one in found.losses if isinstance(one, Tensor)]
    return tuple(
        {
            Cut(one.place, one.function): None
            for loss, one in lost_detours(run, found.place, tensors)
            if not _has_gradient_elsewhere(loss, one, tensors)
        }
    )


def _cuts_in(losses: Sequence[Value]) -> tuple[Cut, ...]:
    tensors = [one for one in losses if isinstance(one, Tensor)]
    # what was not followed to its end may have a gradient where others are detached
    spared = ON_PURPOSE if any(is_cut_off(part) for one in tensors for part in one.deps) else ()
    whole = len(tensors) == len(losses) and not any(one.grad and one.deps for one in tensors)
    return tuple(
        {
            Cut(operation.place, operation.function): None
            for one in tensors
            for operation in one.operations
            if operation.function not in spared
            and _ends(operation, whole)
            and not _has_gradient_elsewhere(one, operation, tensors)
        }
    )


def _has_gradient_elsewhere(loss: Tensor, end: Operation, losses: Sequence[Tensor]) -> bool:
    """Whether the term that ends at an operation has a gradient on another path.

    That path is the one for training, and this one for something else.
    """
    cut = (end.place, end.function)
    own = {term.place for term in loss.terms}
    return any(
        not own.issuperset(term.place for term in other.terms)
        and cut not in {(one.place, one.function) for one in other.operations if _ends(one, True)}
        for other in losses
    )


def _ends(operation: Operation, whole: bool) -> bool:
    """Whether a loss ends at an operation; ``whole`` if there is no gradient on any path."""
    if operation.kind is OperationKind.DETOUR:
        return whole
    if operation.kind is OperationKind.DEAD_END:
        return whole or operation.function != NO_GRAD
    return whole and operation.kind is OperationKind.CUT and operation.function in DECISIONS
