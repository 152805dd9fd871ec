"""Elements, rows and axes of tensors: what stands between the brackets, and what it selects."""

from __future__ import annotations

from collections.abc import Iterator
from types import EllipsisType
from typing import TYPE_CHECKING, TypeAlias

import libcst as cst

from losslint.analysis.domain.conditions import as_tensor, is_of_background
from losslint.analysis.domain.containers import at_maximum, picked
from losslint.analysis.domain.sizes import ANY, INSERTED, Sizes, rank, reduced
from losslint.analysis.domain.trail import ONE_HOT_MADE
from losslint.analysis.domain.trail import extend as extend_trail
from losslint.analysis.domain.values import (
    NONE,
    Const,
    DType,
    Sign,
    TargetKind,
    Tensor,
    Tuple,
    Unknown,
    Value,
)
from losslint.analysis.events import Operation, OperationKind
from losslint.analysis.objective.shares import RANDOM
from losslint.analysis.tensors import forms
from losslint.analysis.tensors.comparisons import is_of_measured, is_of_positives
from losslint.analysis.tensors.operations import whole, with_operation
from losslint.analysis.tensors.paddings import is_of_real_tokens

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter

Index: TypeAlias = "Value | slice | tuple[Value | slice, ...]"
"""One index, a slice with constant bounds, or something for each axis."""

SAMPLE = Unknown(("sample",))
"""The index of one sample that a loader asks a dataset for."""


def selected(run: Interpreter, made: Tensor, index: Tensor, node: cst.CSTNode) -> Tensor:
    """Elements that a mask selected, which may be none; of a random one that is hardly ever so."""
    if index.mask is None or index.shape in RANDOM | forms.NEVER_EMPTY:
        return made
    if any(is_of_real_tokens(one) for one in _written(node)):
        return made
    if is_of_background(index.mask.key) or (_is_data(index) and is_of_measured(index.mask)):
        return made  # hardly any sample is without
    if made.sign is Sign.UNKNOWN and is_of_positives(node):
        return made  # nothing is known of it that would let it be zero
    operation = Operation(
        OperationKind.SELECTION,
        run.place(node),
        "[]",
        made.but(zero=index.mask),
        repeated=run.repeats(),
        order=run.steps,
    )
    return with_operation(run, whole(made), operation)


def _is_data(mask: Tensor) -> bool:
    """Whether a mask is of data, or of what methods of it give, and not of a prediction."""
    return all(isinstance(one, tuple) and one[1:2] == (".",) for one in mask.deps)


def _written(node: cst.CSTNode) -> Iterator[cst.BaseExpression]:
    """The mask, or all that is given, where something is selected: ``x[mask]``."""
    if isinstance(node, cst.Subscript):
        for one in node.slice:
            if isinstance(one.slice, cst.Index):
                yield one.slice.value
    elif isinstance(node, cst.Call):
        for arg in node.args:
            yield arg.value


def indexed(run: Interpreter, value: Tensor, index: Index, node: cst.CSTNode) -> Tensor:
    """``tensor[...]``."""
    if value.shape == "sizes" and index != Const(0):
        return Tensor(grad=False, sign=Sign.POSITIVE)
    made = picked(value).but(sizes=_sizes_behind(value.sizes, index))
    if value.shape in RANDOM:
        made = made.but(shape=value.shape)
    made = at_maximum(made, index if isinstance(index, tuple) else (index,))
    index = rows_of(index)
    if isinstance(index, Unknown):
        index = as_tensor(run, index, node) or index
    if isinstance(index, Tensor) and (index.mask is not None or index.dtype is DType.BOOL):
        made = selected(run, made, index, node)
        if index.deps & value.deps:
            # what is selected by a test of itself is fit for what follows
            return made.but(mask=index.mask, sign=Sign.POSITIVE, zero=None)
        return made.but(mask=index.mask)
    if not isinstance(index, Const | slice | tuple) or _takes_some_rows(index):
        made = whole(made)  # as many as there are indices, or as the bounds say
    if any(_is_found_above(one, value) for one in _axes(index)):
        return made.but(sign=Sign.POSITIVE, zero=None)
    if value.mask is not None:
        # each sample is one of those that have its label: so says each row of the pairs
        rows = value.shape in forms.NEVER_EMPTY and not isinstance(index, tuple | slice)
        return made.but(mask=value.mask, shape=value.shape if rows else made.shape)
    if value.shape == "identity" and isinstance(index, Tensor | Unknown):
        trail = extend_trail(None, run.place(node), ONE_HOT_MADE)
        return made.but(target=TargetKind.ONE_HOT, trail=trail, dtype=DType.FLOAT, shape="")
    return made


def rows_of(index: Index) -> Index:
    """The index of the first axis, where it is that of whole rows: ``x[mask, :]``."""
    if isinstance(index, tuple) and len(index) > 1:
        if all(one == slice(None) or one == Const(...) for one in index[1:]):
            return index[0]
    return index


def _takes_some_rows(index: Index) -> bool:
    """Whether an index gives bounds for the rows: ``x[i * n : (i + 1) * n]``."""
    first = index[0] if isinstance(index, tuple) and index else index
    return isinstance(first, slice) and first != slice(None)


def _axes(index: Index) -> tuple[Value | slice, ...]:
    """What stands for each axis."""
    if isinstance(index, Tuple):
        return index.items
    return index if isinstance(index, tuple) else (index,)


def _is_found_above(index: Value | slice, value: Tensor) -> bool:
    """Whether an index has the positions at which a test of the values themselves succeeded."""
    return (
        isinstance(index, Tensor)
        and index.target is TargetKind.INDICES
        and index.zero is not None
        and value.zero is not None
        and value.zero in index.zero.chain()
    )


def _is_number(index: Value | slice) -> bool:
    return isinstance(index, Const) and type(index.value) is int


def _sizes_behind(sizes: Sizes, index: Index) -> Sizes:
    """The sizes of ``tensor[index]``."""
    if sizes is ANY:
        return ANY
    axes = list(index) if isinstance(index, tuple) else [index]
    if rank(sizes) is None:
        # only what leaves the dimensions in front alone says something of the last
        if len(axes) == 1 and isinstance(axes[0], slice) and len(sizes) > 1:
            return sizes
        if len(axes) == 2 and axes[0] == Const(...) and _is_number(axes[1]):
            return reduced(sizes, -1)
        return ANY
    if Const(...) in axes:
        place = axes.index(Const(...))
        used = sum(1 for one in axes if one != NONE) - 1
        axes[place : place + 1] = [slice(None)] * (len(sizes) - used)
    left = list(sizes)
    found: list[int | EllipsisType | None] = []
    advanced = 0
    for one in axes:
        if one == NONE:
            found.append(INSERTED)
            continue
        if not left:
            return ANY
        size = left.pop(0)
        if isinstance(one, slice):
            found.append(size if one == slice(None) else None)
        elif isinstance(one, Tensor):
            advanced += 1
            inner = rank(one.sizes)
            if inner is None or advanced > 1 or (one.dtype is DType.BOOL and inner != 1):
                return ANY
            found.extend(one.sizes if one.dtype is not DType.BOOL else (None,))
        elif one != SAMPLE and not _is_number(one):
            return ANY
    return (*found, *left)
