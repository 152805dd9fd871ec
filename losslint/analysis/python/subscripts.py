"""Subscripts: reading items of containers, tensors and outputs."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.domain.arguments import Args
from losslint.analysis.domain.conditions import (
    LABEL,
    is_comparison,
    is_label,
)
from losslint.analysis.domain.containers import (
    LISTS,
    TAIL,
    any_item,
    element,
    is_dict,
    is_list,
    keys_of,
    kind_of,
    list_items,
    list_of,
    part_of,
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
from losslint.analysis.domain.values import (
    UNKNOWN,
    Alternative,
    Class,
    Const,
    Extern,
    Function,
    Instance,
    Params,
    Tensor,
    Tuple,
    Unknown,
    Value,
)
from losslint.analysis.events import OperationKind
from losslint.analysis.python.functions import call_function
from losslint.analysis.tensors.indexing import Index, indexed, rows_of
from losslint.analysis.tensors.joining import joined_by_index
from losslint.analysis.tensors.operations import without
from losslint.analysis.torch_api.outputs import output_item
from losslint.analysis.torch_api.pretrained import any_network
from losslint.analysis.torch_api.registry import any_optimizer

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter


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
        chosen = rows_of(place)
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
