"""Items of tuples, lists, dicts, container modules and tensors."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import libcst as cst

from losslint.analysis.interpreter import ITEMS, REST
from losslint.analysis.joins import each, join, without_none
from losslint.analysis.trail import extend as extend_trail
from losslint.analysis.values import (
    UNKNOWN,
    Act,
    Class,
    Const,
    DType,
    Extern,
    Instance,
    Params,
    Sign,
    TargetKind,
    Tensor,
    Tuple,
    Union,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter

TAIL = "[>]"
"""The slot of a list that holds what was appended behind items of unknown number."""
MAX_ITEMS = 64
LISTS = frozenset(
    {
        "builtins.list",
        "builtins.set",
        "collections.deque",
        "torch.nn.Sequential",
        "torch.nn.ModuleList",
    }
)
DICTS = frozenset({"builtins.dict", "torch.nn.ModuleDict", "collections.OrderedDict"})


def kind_of(value: Value) -> str:
    """The qualified name of the outside class that an object is, or inherits from, or nothing."""
    if isinstance(value, Instance):
        if isinstance(value.cls, Extern):
            return value.cls.name
        return base_kind(value.cls)
    return ""


def base_kind(cls: Class) -> str:
    """The first class outside the project that a project class inherits from."""
    for base in cls.bases:
        if isinstance(base, Extern):
            return base.name
        if isinstance(base, Class):
            found = base_kind(base)
            if found:
                return found
    return ""


def is_key(slot: Hashable) -> bool:
    """Whether a slot of an object is an item under a key."""
    return isinstance(slot, tuple) and slot[0] == "key"


def keys_of(holder: Instance) -> list[tuple[str, Any]]:
    """The slots of all items of an object that are under a known key."""
    return [slot for slot in holder.slots if isinstance(slot, tuple) and slot[0] == "key"]


def is_list(value: Value) -> bool:
    """Whether a value is a list, or a module that holds its children like one."""
    return isinstance(value, Instance) and ITEMS in value.slots


def is_dict(value: Value) -> bool:
    """Whether a value is a dict, or a module that holds its children like one."""
    return isinstance(value, Instance) and kind_of(value) in DICTS


def list_items(run: Interpreter, value: Instance) -> tuple[Value, ...]:
    """The known items of a list before those of unknown number."""
    items = run.heap.get(value.slots, ITEMS)
    if isinstance(items, Union):
        known = [one.value for one in items.alternatives if isinstance(one.value, Tuple)]
        return max((tup.items for tup in known), key=len, default=())
    return items.items if isinstance(items, Tuple) else ()


def elements(run: Interpreter, value: Value) -> list[Value] | None:
    """All elements of an iterable, where their number is known."""
    if isinstance(value, Tuple):
        return list(value.items)
    if isinstance(value, Instance):
        if is_list(value):
            if run.heap.get(value.slots, REST) is not None:
                return None
            items = run.heap.get(value.slots, ITEMS)
            return list(items.items) if isinstance(items, Tuple) else None
        if is_dict(value) and run.heap.get(value.slots, REST) is None:
            return [Const(key[1]) for key in keys_of(value)]
    return None


def element(
    run: Interpreter, value: Value, node: cst.CSTNode | None, index: int | None = None
) -> Value:
    """What stands for any element of an iterable."""
    value = without_none(value)
    if isinstance(value, Union):
        return each(value, lambda one: element(run, one, node, index))
    if isinstance(value, Tuple):
        return join(value.items) if value.items else UNKNOWN
    if isinstance(value, Instance):
        if is_list(value):
            return _any_item(run, value)
        if is_dict(value):
            return Unknown()
        if kind_of(value) == "torch.utils.data.DataLoader":
            from losslint.analysis.torch_api.data import batch_of

            return batch_of(run, value, node)
        return Unknown(None, frozenset({value.oid}))
    if isinstance(value, Tensor):
        return picked(value)
    if isinstance(value, Params):
        return Tensor(owner=value.owners, deps=value.owners or frozenset(), shape="parameter")
    if isinstance(value, Unknown):
        return Unknown(None, value.deps, value.lost, value.why)
    return UNKNOWN


def _any_item(run: Interpreter, value: Instance) -> Value:
    items = list(list_items(run, value))
    rest, tail = run.heap.get(value.slots, REST), run.heap.get(value.slots, TAIL)
    if rest is not None:
        items.append(rest)
    if isinstance(tail, Tuple):
        items.extend(tail.items)
    return join(items) if items else UNKNOWN


def picked(value: Tensor) -> Tensor:
    """Some elements of a tensor."""
    return value.but(picked=True, last=None, dim=None, zero=value.zero, shape=_kept(value.shape))


def _kept(shape: str) -> str:
    return shape if shape in ("parameter", "ratio", "norm", "maximum", "minimum") else ""


def append(run: Interpreter, target: Instance, value: Value) -> None:
    """Adds an item at the end of a list."""
    rest = run.heap.get(target.slots, REST)
    if rest is not None:
        tail = run.heap.get(target.slots, TAIL)
        behind = tail.items if isinstance(tail, Tuple) else ()
        run.heap.set(target.slots, TAIL, Tuple((*behind, value)[-MAX_ITEMS:]))
        return
    items = run.heap.get(target.slots, ITEMS)
    if isinstance(items, Union):
        grown = each(
            items,
            lambda one: Tuple((*one.items, value)) if isinstance(one, Tuple) else one,
        )
        run.heap.set(target.slots, ITEMS, grown)
        return
    known = items.items if isinstance(items, Tuple) else ()
    if len(known) >= MAX_ITEMS:
        run.heap.set(target.slots, REST, join([known[-1], value]))
        return
    run.heap.set(target.slots, ITEMS, Tuple((*known, value)))


def extend(run: Interpreter, target: Instance, source: Value) -> None:
    """Adds all items of an iterable at the end of a list."""
    known = elements(run, source)
    if known is None:
        before = run.heap.get(target.slots, REST)
        value = element(run, source, None)
        run.heap.set(target.slots, REST, value if before is None else join([before, value]))
        if isinstance(source, Instance):
            tail = run.heap.get(source.slots, TAIL)
            if isinstance(tail, Tuple):
                for item in tail.items:
                    append(run, target, item)
    else:
        for item in known:
            append(run, target, item)


def _index(run: Interpreter, node: cst.Subscript) -> Value | slice | None:
    """The one index of a subscript, a slice with constant bounds, or None for anything else."""
    if len(node.slice) != 1:
        for axis in node.slice:
            if isinstance(axis.slice, cst.Index):
                run.eval(axis.slice.value)
        return None
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
            return None
        bounds.append(value.value)
    return slice(*bounds)


def subscript(run: Interpreter, value: Value, node: cst.Subscript) -> Value:
    """``value[...]``."""
    index = _index(run, node)
    return each(without_none(value), lambda one: _item(run, one, index, node))


def _item(
    run: Interpreter, value: Value, index: Value | slice | None, node: cst.Subscript
) -> Value:
    if isinstance(value, Tensor):
        from losslint.analysis.operators import indexed

        return indexed(run, value, index, node)
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
            return _any_item(run, value)
        if is_dict(value):
            return _of_dict(run, value, index, node)
        from losslint.analysis.attributes import find_method
        from losslint.analysis.functions import call_function

        method = find_method(value, "__getitem__") if isinstance(value.cls, Class) else None
        if method is not None:
            from losslint.analysis.arguments import Args

            position = UNKNOWN if index is None or isinstance(index, slice) else index
            return call_function(run, method, Args(node, [position]), value)
        if isinstance(value.cls, Extern) and isinstance(index, Const | slice):
            from losslint.analysis.torch_api.outputs import output_item

            return output_item(run, value, index)
        return Unknown(None, frozenset({value.oid}))
    if isinstance(value, Unknown):
        key = None
        if value.key is not None and isinstance(index, Const):
            key = (value.key, "[]", index)
        return Unknown(key, value.deps, value.lost, value.why)
    if isinstance(value, Params):
        return element(run, value, node)
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


def _of_dict(
    run: Interpreter, value: Instance, index: Value | slice | None, node: cst.Subscript
) -> Value:
    rest = run.heap.get(value.slots, REST)
    if isinstance(index, Const):
        found = run.heap.get(value.slots, ("key", index.value))
        if found is not None:
            return found
        return rest if rest is not None else run.unknown(node, "no such key is known")
    items = [item for key, item in value.slots.items() if is_key(key)]
    if rest is not None:
        items.append(rest)
    return join(items) if items else UNKNOWN


def set_item(run: Interpreter, target: Value, node: cst.Subscript, value: Value) -> None:
    """``target[...] = value``."""
    target = without_none(target)
    index = _index(run, node)
    if isinstance(target, Union):
        for one in target.alternatives:
            if isinstance(one.value, Instance):
                _store(run, one.value, index, value)
    elif isinstance(target, Instance):
        _store(run, target, index, value)
    elif isinstance(target, Tensor) and isinstance(node.value, cst.Name | cst.Attribute):
        from losslint.analysis.assignment import assign

        if isinstance(value, Tensor):
            assign(run, node.value, _filled(target, value))
        elif target.shape == "blank" and value in (Const(1), Const(1.0)) and len(node.slice) == 2:
            trail = extend_trail(None, run.place(node), "one-hot rows made here")
            rows = target.but(target=TargetKind.ONE_HOT, shape="", trail=trail)
            if rows.dtype is DType.UNKNOWN:
                rows = rows.but(dtype=DType.FLOAT)
            assign(run, node.value, rows)


def _store(run: Interpreter, target: Instance, index: Value | slice | None, value: Value) -> None:
    if is_list(target):
        items = list(list_items(run, target))
        if isinstance(index, Const) and isinstance(index.value, int):
            if -len(items) <= index.value < len(items):
                items[index.value] = value
                run.heap.set(target.slots, ITEMS, Tuple(tuple(items)))
            return
        rest = run.heap.get(target.slots, REST)
        run.heap.set(target.slots, REST, value if rest is None else join([rest, value]))
    elif is_dict(target) or isinstance(target.cls, Extern):
        slot: Hashable = REST
        if isinstance(index, Const):
            slot = ("key", index.value)
        before = run.heap.get(target.slots, slot) if slot == REST else None
        run.heap.set(target.slots, slot, value if before is None else join([before, value]))


def delete_item(run: Interpreter, target: Value, node: cst.Subscript) -> None:
    """``del target[...]``."""
    index = _index(run, node)
    if not isinstance(target, Instance):
        return
    if is_list(target):
        items = list(list_items(run, target))
        where = index.value if isinstance(index, Const) else index
        if isinstance(where, slice) or (
            isinstance(where, int) and -len(items) <= where < len(items)
        ):
            del items[where]
            run.heap.set(target.slots, ITEMS, Tuple(tuple(items)))
    elif isinstance(index, Const):
        run.heap.remove(target.slots, ("key", index.value))


def _filled(target: Tensor, value: Tensor) -> Tensor:
    """A tensor into which parts of another were written."""
    if target.shape == "blank" and value.act is not Act.UNKNOWN:
        return value.but(picked=True, shape="blank", last=None)
    if target.act is value.act and target.act is not Act.UNKNOWN:
        return target
    return target.but(
        act=Act.UNKNOWN,
        picked=False,
        sign=Sign.UNKNOWN,
        zero=None,
        operations=target.operations | value.operations,
        deps=target.deps | value.deps,
        terms=(),
        shape="",
    )
