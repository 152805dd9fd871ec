"""Subscripts: reading items of containers, tensors and outputs."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from types import EllipsisType
from typing import TYPE_CHECKING, TypeAlias

import libcst as cst

from losslint.analysis.domain.arguments import Args
from losslint.analysis.domain.conditions import (
    LABEL,
    as_tensor,
    is_comparison,
    is_label,
    is_of_background,
)
from losslint.analysis.domain.containers import (
    LISTS,
    TAIL,
    any_item,
    at_maximum,
    element,
    is_dict,
    is_list,
    keys_of,
    kind_of,
    list_items,
    list_of,
    part_of,
    picked,
)
from losslint.analysis.domain.heap import FACTORY, REST
from losslint.analysis.domain.joins import (
    each,
    join,
    join_alternatives,
    named_by,
    one_of,
    without_none,
)
from losslint.analysis.domain.keyed import any_key, found_under
from losslint.analysis.domain.lookup import find_method
from losslint.analysis.domain.sizes import ANY, INSERTED, Sizes, rank, reduced
from losslint.analysis.domain.trail import ONE_HOT_MADE
from losslint.analysis.domain.trail import extend as extend_trail
from losslint.analysis.domain.values import (
    NONE,
    UNKNOWN,
    Alternative,
    Class,
    Const,
    DType,
    Extern,
    Function,
    Instance,
    Params,
    Sign,
    TargetKind,
    Tensor,
    Tuple,
    Unknown,
    Value,
)
from losslint.analysis.events import Operation, OperationKind
from losslint.analysis.objective.shares import RANDOM
from losslint.analysis.python.functions import call_function
from losslint.analysis.tensors import forms
from losslint.analysis.tensors.comparisons import is_of_measured, is_of_positives
from losslint.analysis.tensors.joining import joined_by_index
from losslint.analysis.tensors.operations import whole, with_operation, without
from losslint.analysis.tensors.paddings import is_of_real_tokens
from losslint.analysis.torch_api.outputs import output_item
from losslint.analysis.torch_api.pretrained import any_network
from losslint.analysis.torch_api.registry import any_optimizer

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter


Index: TypeAlias = "Value | slice | tuple[Value | slice, ...]"
"""One index, a slice with constant bounds, or something for each axis."""


def index_of(run: Interpreter, node: cst.Subscript) -> Index:
    """What stands between the brackets of a subscript."""
    if len(node.slice) != 1:
        return tuple(
            run.eval(axis.slice.value) if isinstance(axis.slice, cst.Index) else _extent(axis.slice)
            for axis in node.slice
        )
    part = node.slice[0].slice
    if isinstance(part, cst.Index):
        return run.eval(part.value)
    assert isinstance(part, cst.Slice)
    bounds: list[int | None] = []
    for bound in (part.lower, part.upper, part.step):
        if bound is None:
            bounds.append(None)
            continue
        value = run.eval(bound)
        if not isinstance(value, Const) or not isinstance(value.value, int):
            return (_extent(part),)
        bounds.append(value.value)
    return slice(*bounds)


def _extent(part: cst.BaseSlice) -> slice:
    """A slice of one axis of several: everything, or some part of it."""
    if isinstance(part, cst.Slice) and not (part.lower or part.upper or part.step):
        return slice(None)
    return slice(0, None)


def subscript(run: Interpreter, value: Value, node: cst.Subscript) -> Value:
    """``value[...]``."""
    index = index_of(run, node)
    return part_of(each(without_none(value), lambda one: _item(run, one, index, node)), node.value)


def _item(run: Interpreter, value: Value, place: Index, node: cst.Subscript) -> Value:
    if isinstance(value, Tensor):
        return indexed(run, value, place, node)
    index = None if isinstance(place, tuple) else place
    if _is_some_of(place) and (known := _members(run, value)):
        return list_of(run, join(known))
    if isinstance(value, Tuple):
        return _of_items(run, value.items, index, None)
    if isinstance(value, Instance):
        if is_list(value):
            if run.heap.get(value.slots, REST) is None:
                return _of_items(run, list_items(run, value), index, value)
            if isinstance(index, slice):
                return value
            tail = run.heap.get(value.slots, TAIL)
            if (
                isinstance(index, Const)
                and isinstance(index.value, int)
                and index.value < 0
                and isinstance(tail, Tuple)
                and -index.value <= len(tail.items)
            ):
                return tail.items[index.value]
            return any_item(run, value)
        if is_dict(value):
            return _of_dict(run, value, index, node)

        method = find_method(value, "__getitem__") if isinstance(value.cls, Class) else None
        if method is not None:
            position = UNKNOWN if index is None or isinstance(index, slice) else index
            return call_function(run, method, Args(node, [position]), value)
        if isinstance(value.cls, Extern) and isinstance(index, Const | slice):
            return output_item(run, value, index)
        return Unknown(None, frozenset({value.oid}))
    if isinstance(value, Unknown):
        key: Hashable = None
        chosen = _rows(place)
        if run.repeats() and (
            is_comparison(chosen) or (isinstance(chosen, Tensor) and chosen.mask is not None)
        ):
            return indexed(run, Tensor(deps=value.deps, grad=value.grad), place, node)
        if value.key is not None and isinstance(index, Const):
            key = (value.key, "[]", index)
        if is_label(value.key):
            key = (value.key, "[]", LABEL)
        return Unknown(key, value.deps, value.lost, value.why, value.grad)
    if isinstance(value, Params):
        return element(run, value, node)
    if isinstance(value, Extern):
        joined = joined_by_index(value, place)
        return joined or any_network(value) or any_optimizer(value) or UNKNOWN
    return UNKNOWN


def _of_items(
    run: Interpreter,
    items: tuple[Value, ...],
    index: Value | slice | None,
    holder: Instance | None,
) -> Value:
    if isinstance(index, slice):
        chosen = items[index]
        if holder is None:
            return Tuple(chosen)
        kind = kind_of(holder)
        return run.new_list(chosen, kind if kind in LISTS else "builtins.list")
    if isinstance(index, Const) and isinstance(index.value, int):
        if -len(items) <= index.value < len(items):
            return items[index.value]
        return UNKNOWN
    return join(items) if items else UNKNOWN


def _is_some_of(place: Index) -> bool:
    """Whether an index is a slice of which not all bounds are known."""
    return isinstance(place, tuple) and len(place) == 1 and isinstance(place[0], slice)


_CALLED = "torch.nn.Sequential"
"""The list whose slices are called."""


def _members(run: Interpreter, value: Value) -> Sequence[Value]:
    """The items of a list or tuple, where their number is known."""
    if isinstance(value, Tuple):
        return value.items
    if isinstance(value, Instance) and is_list(value) and kind_of(value) != _CALLED:
        return list_items(run, value) if run.heap.get(value.slots, REST) is None else ()
    return ()


def _of_dict(
    run: Interpreter, value: Instance, index: Value | slice | None, node: cst.Subscript
) -> Value:
    rest = run.heap.get(value.slots, REST)
    if rest is not None:
        rest = found_under(index if isinstance(index, Value) else None, rest)
    if isinstance(index, Const):
        found = run.heap.get(value.slots, ("key", index.value))
        if isinstance(found, Const) and isinstance(rest, Unknown):
            # what was written under a name that is not known may have been this one
            return Unknown((("item", value.oid), "[]", index))
        if found is not None:
            return found
        factory = run.heap.get(value.slots, FACTORY)
        if rest is None and factory is not None:
            made = run.call(factory, Args(node))
            run.heap.set(value.slots, ("key", index.value), made)
            return made
        return rest if rest is not None else run.unknown(node, "no such key is known")
    if index is None or isinstance(index, slice):
        return UNKNOWN
    named = [(slot[1], value.slots[slot]) for slot in keys_of(value)]
    if index != any_key(value):
        # what is summed under a certain name is told under that one, not under any other
        named = [(key, each(item, _no_total)) for key, item in named]
    items = [item for _, item in named] + ([rest] if rest is not None else [])
    if len(items) > 1 and all(map(_is_choice, items)):
        return named_by(index, named, id(node)) if rest is None else one_of(items, id(node))
    if rest is None and isinstance(index, Unknown) and index.key is not None:
        return join_alternatives(
            Alternative(item, frozenset({(("==", index.key, Const(key)), True)}))
            for key, item in named
        )
    return join(items) if items else UNKNOWN


def _no_total(value: Value) -> Value:
    """A value without what tells that it is a sum over the rounds of a loop."""
    if not isinstance(value, Tensor):
        return value
    return without(value, OperationKind.BATCH_MEANS, OperationKind.BATCH_SUMS)


def _is_choice(item: Value) -> bool:
    """Whether a program is another one with each of several such items: a model, or its name."""
    if isinstance(item, Const):
        return isinstance(item.value, str)
    return isinstance(item, Class | Function | Instance)


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
    index = _rows(index)
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


def _rows(index: Index) -> Index:
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


SAMPLE = Unknown(("sample",))
"""The index of one sample that a loader asks a dataset for."""


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
