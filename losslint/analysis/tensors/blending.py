"""What any computation keeps of the facts about what it is made of."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import TYPE_CHECKING

from losslint.analysis.domain.conditions import has_no_graph
from losslint.analysis.domain.marks import WRITTEN_MEAN
from losslint.analysis.domain.numbers import number
from losslint.analysis.domain.values import (
    Const,
    DType,
    Extern,
    Sign,
    Tensor,
    Union,
    Unknown,
    Value,
)
from losslint.analysis.events import LossTerm, Operation
from losslint.analysis.objective.terms import (
    add_terms,
)
from losslint.analysis.tensors.operations import (
    MAX_OPERATIONS,
)
from losslint.analysis.training.gradient_flow import lasting

if TYPE_CHECKING:
    from losslint.analysis.domain.trail import Place
    from losslint.analysis.interpreter import Interpreter

MAX_DEPS = 48
_OF_THE_WHOLE = frozenset({WRITTEN_MEAN})
"""Marks of a value that nothing has which is computed of it."""
MORE: frozenset[object] = frozenset({"more"})
"""Stands for the layers that were too many to be kept."""


def deps_of(value: Value) -> frozenset[object]:
    """What a value depends on, where it says so."""
    if isinstance(value, Tensor | Unknown):
        return value.deps
    if isinstance(value, Union):
        return reduce(union_deps, (deps_of(one.value) for one in value.alternatives))
    return frozenset()


def live_deps(run: Interpreter, value: Value) -> frozenset[object]:
    """What a gradient that comes to a value goes on to; under no_grad, what it is made of."""
    if isinstance(value, Tensor) and not value.grad and not run.no_grad:
        return frozenset()
    return deps_of(value)


def union_deps(one: frozenset[object], other: frozenset[object]) -> frozenset[object]:
    """Both sets of layers; the first ones are kept when there are too many, and that is noted."""
    if not other or one is other:
        return one
    return one | other if len(one) + len(other) <= MAX_DEPS else (one or other) | MORE


def may_have_gradient(value: Value) -> bool:
    """Whether something unknown, or a choice, may be a tensor with a graph."""
    if isinstance(value, Union):
        return any(may_have_gradient(one.value) for one in value.alternatives)
    if isinstance(value, Unknown):
        return not has_no_graph(value)
    return isinstance(value, Tensor) and value.grad


def is_of_data(values: Sequence[Value]) -> bool:
    """Whether what something unknown makes of values is data, as a loader gives it, or numbers."""
    return any(isinstance(one, Unknown) and not one.grad for one in values) and all(
        isinstance(one, Const | Extern)
        or (isinstance(one, Tensor | Unknown | Union) and not may_have_gradient(one))
        for one in values
    )


def blend(*values: Value) -> Tensor:
    """A tensor made of others in some way that says nothing of its values."""
    deps: frozenset[object] = frozenset()
    operations: frozenset[Operation] = frozenset()
    terms: tuple[LossTerm, ...] = ()
    marks: frozenset[str] = frozenset()
    sums: frozenset[Place] = frozenset()
    grad = False
    found: Tensor | None = None
    for value in values:
        if isinstance(value, Tensor):
            if value.grad == grad:
                deps = union_deps(deps, value.deps)
            elif value.grad:
                deps = value.deps
            if len(operations) < MAX_OPERATIONS:
                operations |= value.operations
            terms = add_terms(terms, value.terms)
            marks |= value.marks
            sums |= value.sums
            grad |= value.grad
            found = value if found is None else found
        elif may_have_gradient(value):
            own = deps_of(value)
            deps = union_deps(deps, own) if grad else own
            grad = True
    confidence = min(
        (value.confidence for value in values if isinstance(value, Tensor)),
        default=Tensor().confidence,
    )
    return Tensor(
        grad=grad,
        operations=operations if grad else lasting(operations),
        deps=deps,
        marks=marks - _OF_THE_WHOLE,
        terms=terms if grad else (),
        sums=sums,
        confidence=confidence,
        trail=found.trail if found is not None else None,
    )


def operand(value: Value) -> Tensor:
    """Any operand as a tensor, so that facts can be combined."""
    if isinstance(value, Tensor):
        return value
    known = number(value)
    if known is not None:
        sign = Sign.POSITIVE if known > 0 else Sign.NON_NEGATIVE if known == 0 else Sign.UNKNOWN
        return Tensor(sign=sign, grad=False)
    return Tensor(deps=deps_of(value), grad=isinstance(value, Unknown) and not has_no_graph(value))


def as_dtype(value: Tensor, dtype: DType) -> Tensor:
    """The tensor with elements of another kind."""
    if dtype in (DType.INT, DType.BOOL):
        known = lasting(value.operations)
        return value.but(dtype=dtype, grad=False, terms=(), operations=known)
    return value.but(dtype=dtype)
