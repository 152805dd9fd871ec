"""Operations that a value carries along until it is seen to reach a loss."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from losslint.analysis.events import Operation, OperationKind
from losslint.analysis.gradient_flow import has_cut
from losslint.analysis.trail import Step
from losslint.analysis.values import Tensor

if TYPE_CHECKING:
    import libcst as cst

    from losslint.analysis.interpreter import Interpreter

MAX_OPERATIONS = 24


def with_operation(run: Interpreter, made: Tensor, operation: Operation) -> Tensor:
    """The result of an operation whose values matter once it reaches a loss."""
    if run.no_grad or run.dead or len(made.operations) >= MAX_OPERATIONS:
        return made
    grad = made.grad or (operation.kind is not OperationKind.SELECTION and not has_cut(made))
    return made.but(operations=made.operations | {operation}, grad=grad)


def without(value: Tensor, *kinds: OperationKind) -> Tensor:
    """The tensor without operations of some kinds, which another one makes up for."""
    if not value.operations:
        return value
    kept = frozenset(one for one in value.operations if one.kind not in kinds)
    return value if len(kept) == len(value.operations) else value.but(operations=kept)


def whole(value: Tensor) -> Tensor:
    """A tensor whose elements are no longer those that a mask selected."""
    return without(value, OperationKind.SELECTION)


def mean_of_selection(run: Interpreter, value: Tensor, node: cst.CSTNode) -> Tensor:
    """The mean of a tensor; of a selection of elements there is none where it is empty."""
    for one in value.operations:
        if one.kind is OperationKind.SELECTION:
            place = run.place(node)
            mean = replace(
                one, kind=OperationKind.MEAN, place=place, trail=(Step(one.place, "selected here"),)
            )
            return with_operation(run, whole(value), mean)
    return value
