"""Operations that a value carries along until it is seen to reach a loss."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.domain.numbers import number
from losslint.analysis.domain.trail import Step, steps_of
from losslint.analysis.domain.values import Sign, TargetKind, Tensor, Value, ZeroReason
from losslint.analysis.events import Operation, OperationKind
from losslint.analysis.reading.nodes import children
from losslint.analysis.reading.spelling import is_epsilon
from losslint.analysis.training.gradient_flow import has_cut

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter

MAX_OPERATIONS = 24


def with_operation(run: Interpreter, made: Tensor, operation: Operation) -> Tensor:
    """The result of an operation whose values matter once it reaches a loss."""
    if run.no_grad or run.dead or len(made.operations) >= MAX_OPERATIONS:
        return made
    if run.frame.name == "__init__" and not run.repeats():
        return made  # a number that is settled before training starts
    run.seen.within[operation.place] = run.frame.function
    grad = made.grad or (operation.kind is not OperationKind.SELECTION and not has_cut(made))
    return made.but(operations=made.operations | {operation}, grad=grad)


def guarded_outside(run: Interpreter, made: Tensor, guard: Value, node: cst.CSTNode) -> Tensor:
    """A sum of an operation's result and a guard, which should have gone into the operation."""
    known = number(guard)
    left, right = getattr(node, "left", None), getattr(node, "right", None)
    if known is None:
        if not is_epsilon(left) and not is_epsilon(right):
            return made
    elif not 0 < known <= NUDGE:
        return made
    for one in made.operations:
        if one.kind in _GUARDED and one.zero is not None and one.place.node in (left, right):
            outside = replace(one, kind=OperationKind.OUTSIDE, place=run.place(node))
            return made.but(operations=made.operations - {one} | {outside})
    return _guarded_energy(run, made, _quotient(left, right), node)


def for_what_comes(run: Interpreter, value: Tensor, node: cst.CSTNode) -> Tensor:
    """The argument of a root or a logarithm: a guard behind a quotient is for that.

    The quotient has none of its own then, and the guard belongs where it is.
    """
    for one in value.operations:
        if one.kind is not OperationKind.OUTSIDE or one.function != "/":
            continue
        below = [node, *children(node)]  # an operand, or an argument
        if not any(one.place.node is part for above in below for part in children(above)):
            continue
        sides = (getattr(one.place.node, "left", None), getattr(one.place.node, "right", None))
        quotient = _quotient(*sides)
        known = value.operations - {one}
        if quotient is not None and one.zero is not None and one.zero.kind != "energy":
            known |= {replace(one, kind=OperationKind.DIVISION, place=run.place(quotient))}
        value = value.but(operations=known)
    return value


def _quotient(*sides: cst.CSTNode | None) -> cst.BinaryOperation | None:
    """The side of a sum that is a quotient."""
    for side in sides:
        if isinstance(side, cst.BinaryOperation) and isinstance(side.operator, cst.Divide):
            return side
    return None


def _guarded_energy(
    run: Interpreter, made: Tensor, quotient: cst.BinaryOperation | None, node: cst.CSTNode
) -> Tensor:
    """A quotient by a sum of squares of the data, which its author thought of as zero.

    A guard of a ratio of two such sums may be for the logarithm to come.
    """
    if quotient is None or made.sign is not Sign.UNKNOWN:
        return made
    energy = run.eval(quotient.right)
    if not isinstance(energy, Tensor) or energy.shape != "sum-square":
        return made
    divided = run.eval(quotient.left)
    if not isinstance(divided, Tensor) or divided.sign is not Sign.UNKNOWN:
        return made
    reason = ZeroReason(run.place(quotient), "energy", "a sum of squares is zero where all are")
    outside = Operation(
        OperationKind.OUTSIDE,
        run.place(node),
        "/",
        energy.but(zero=reason),
        divided,
        steps_of(energy.trail),
        run.repeats(),
    )
    return with_operation(run, made, outside)


_GUARDED = (OperationKind.LOG, OperationKind.ROOT, OperationKind.DIVISION)
NUDGE = 1e-3
"""What is added up to this size is an eps."""


def without(value: Tensor, *kinds: OperationKind) -> Tensor:
    """The tensor without operations of some kinds, which another one makes up for."""
    if not value.operations:
        return value
    kept = frozenset(one for one in value.operations if one.kind not in kinds)
    return value if len(kept) == len(value.operations) else value.but(operations=kept)


def none_found(value: Tensor) -> ZeroReason | None:
    """Why a tensor can have no elements: it has positions, or a selection, of what was found."""
    found = value.zero if value.target is TargetKind.INDICES else None
    for one in value.operations:
        if one.kind is OperationKind.SELECTION:
            found = one.zero
    return found


def whole(value: Tensor) -> Tensor:
    """A tensor whose elements are no longer those that a mask selected."""
    return without(value, OperationKind.SELECTION)


def mean_of_selection(
    run: Interpreter, value: Tensor, node: cst.CSTNode, function: str = "mean"
) -> Tensor:
    """The mean of a tensor; of a selection of elements there is none where it is empty."""
    selections = [one for one in value.operations if one.kind is OperationKind.SELECTION]
    if not selections:
        return value
    first = min(selections, key=lambda one: one.order)
    trail = (Step(first.place, "selected here"),)
    place = run.place(node)
    mean = replace(first, kind=OperationKind.MEAN, place=place, function=function, trail=trail)
    return with_operation(run, whole(value), mean)


OF_DATA = frozenset({"norm", "distance", "range"})
"""Reasons to be zero that an author who looks at the data can rule out."""


def as_target(value: Tensor) -> Tensor:
    """What a criterion compares with, without roots and lengths that only data go into.

    No layer is behind them that a gradient could go to, and points are on the curve that they are
    taken from, vectors as long as it makes them.
    """
    if not value.operations:
        return value
    kept = frozenset(one for one in value.operations if not _is_of_data(one))
    return value if len(kept) == len(value.operations) else value.but(operations=kept)


def _is_of_data(one: Operation) -> bool:
    if any(isinstance(symbol, int) for symbol in one.operand.deps):
        return False
    of_vectors = one.zero is not None and one.zero.kind in OF_DATA
    return one.kind is OperationKind.ROOT or (one.kind is OperationKind.DIVISION and of_vectors)


def written_where(value: Tensor, mask: ZeroReason) -> Tensor:
    """A value as it is where a mask selects: there is nothing to write where that is empty."""
    left = frozenset(
        one
        for one in value.operations
        if one.kind is not OperationKind.DIVISION
        or one.zero is None
        or mask not in one.zero.chain()
    )
    return value if left == value.operations else value.but(operations=left)
