"""Methods of lists, dicts and container modules."""

from __future__ import annotations

import libcst as cst

from losslint.analysis.domain.containers import (
    append,
    element,
    elements,
    extend,
    is_dict,
    is_key,
    is_list,
    keys_of,
    list_items,
    list_of,
    note_growth,
)
from losslint.analysis.domain.heap import ITEMS, REST
from losslint.analysis.domain.joins import join
from losslint.analysis.domain.keyed import any_key, found_under
from losslint.analysis.domain.values import (
    NONE,
    UNKNOWN,
    Const,
    Instance,
    Tuple,
    Value,
)
from losslint.analysis.torch_api.registry import Op, method
from losslint.analysis.training import accumulation


@method("list", "append", "appendleft", "add")
@method("modulelist", "append")
def _append(op: Op, target: Instance) -> Value:
    append(op.run, target, accumulation.listed(op.run, target, op.arg(0), op.node))
    return target if op.name == "append" and ITEMS in target.slots else NONE


@method("list", "extend", "update")
@method("modulelist", "extend")
def _extend(op: Op, target: Instance) -> Value:
    extend(op.run, target, op.arg(0))
    return NONE


@method("list", "insert")
@method("modulelist", "insert")
def _insert(op: Op, target: Instance) -> Value:
    items = list(list_items(op.run, target))
    index = op.arg(0)
    if isinstance(index, Const) and isinstance(index.value, int):
        items.insert(index.value, op.arg(1))
        note_growth(op.run, target)
        op.run.heap.set(target.slots, ITEMS, Tuple(tuple(items)))
    else:
        append(op.run, target, op.arg(1))
    return NONE


@method("list", "pop", "popleft")
@method("modulelist", "pop")
def _pop(op: Op, target: Instance) -> Value:
    items = list(list_items(op.run, target))
    index = op.given(0)
    last = index is None or index == Const(-1)
    if last and items and op.run.heap.get(target.slots, REST) is None:
        taken = items.pop(0 if op.name == "popleft" else -1)
        op.run.heap.set(target.slots, ITEMS, Tuple(tuple(items)))
        return taken
    return element(op.run, target, op.node)


@method("list", "clear", "reverse", "sort", "remove", "discard")
def _changed(op: Op, target: Instance) -> Value:
    # what a list held once is kept: a buffer that is cleared each round is filled in the next
    if op.name == "clear" and isinstance(op.node, cst.Call):
        if isinstance(op.node.func, cst.Attribute):
            accumulation.cleared(op.run, op.node.func.value)
    return NONE


@method("list", "copy")
@method("dict", "copy")
def _copied(op: Op, target: Instance) -> Value:
    made = op.run.new_list() if is_list(target) else op.run.new_dict()
    for key, value in list(target.slots.items()):
        op.run.heap.set(made.slots, key, value)
    return made


@method("dict", "get", "setdefault", "pop")
def _get(op: Op, target: Instance) -> Value:
    key, default = op.arg(0, "key"), op.given(1, "default")
    rest = op.run.heap.get(target.slots, REST)
    if rest is not None:
        rest = found_under(key, rest)
    if isinstance(key, Const):
        found = op.run.heap.get(target.slots, ("key", key.value))
        if found is not None:
            return found
        if op.name == "setdefault" and default is not None:
            op.run.heap.set(target.slots, ("key", key.value), default)
            return default
        if rest is None:
            return default if default is not None else NONE
        return rest
    values = [value for slot, value in target.slots.items() if is_key(slot)]
    if rest is not None:
        values.append(rest)
    if default is not None and default != NONE:
        values.append(default)
    return join(values) if values else UNKNOWN


@method("dict", "values")
@method("moduledict", "values")
def _values(op: Op, target: Instance) -> Value:
    rest = op.run.heap.get(target.slots, REST)
    known = [
        op.run.heap.get(target.slots, key) or UNKNOWN for key in list(target.slots) if is_key(key)
    ]
    made = op.run.new_list(known)
    if rest is not None:
        op.run.heap.set(made.slots, REST, found_under(None, rest))
    return made


@method("dict", "items")
@method("moduledict", "items")
def _items(op: Op, target: Instance) -> Value:
    rest = op.run.heap.get(target.slots, REST)
    pairs: list[Value] = [
        Tuple((Const(key[1]), op.run.heap.get(target.slots, key) or UNKNOWN))
        for key in keys_of(target)
    ]
    made = op.run.new_list(pairs)
    if rest is not None:
        key = any_key(target)
        op.run.heap.set(made.slots, REST, Tuple((key, found_under(key, rest))))
    return made


@method("dict", "keys")
@method("moduledict", "keys")
def _keys(op: Op, target: Instance) -> Value:
    known = elements(op.run, target)
    return op.run.new_list(known) if known is not None else list_of(op.run, any_key(target))


@method("dict", "update")
@method("moduledict", "update")
def _update(op: Op, target: Instance) -> Value:
    source = op.given(0)
    if isinstance(source, Instance) and is_dict(source):
        for key, value in list(source.slots.items()):
            if key == REST or is_key(key):
                op.run.heap.set(target.slots, key, value)
    for name, value in op.args.keywords.items():
        op.run.heap.set(target.slots, ("key", name), value)
    return NONE
