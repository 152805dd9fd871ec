"""Items of tuples, lists, dicts, container modules and tensors."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

import libcst as cst

from losslint.analysis.domain.conditions import is_maximum, is_result, is_setting, is_sizes
from losslint.analysis.domain.heap import ITEMS, REST
from losslint.analysis.domain.joins import each, join, without_none
from losslint.analysis.domain.keyed import any_key
from losslint.analysis.domain.sizes import ANY
from losslint.analysis.domain.values import (
    TRUE,
    UNKNOWN,
    Class,
    Const,
    Extern,
    Instance,
    Params,
    Sign,
    Tensor,
    Tuple,
    Union,
    Unknown,
    Value,
    alternatives_of,
)
from losslint.analysis.reading.spelling import dotted, is_batch, is_of_loader, is_settings

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter

Iterate: TypeAlias = "Callable[[Interpreter, Instance, cst.CSTNode | None], Value]"
ITERATED: dict[str, Iterate] = {}
"""What one round of a loop over an outside object binds, by its class."""
TAIL = "[>]"
"""The slot of a list that holds what was appended behind items of unknown number."""
GROWN = "[+]"
"""The slot of a list that a loop of unknown rounds filled: it holds as many items as were seen."""
MAX_ITEMS = 64
ARGMAX = "argmax"
"""The form of the index of a maximum."""
LISTS = frozenset(
    {
        "builtins.list",
        "builtins.set",
        "collections.deque",
        "torch.nn.Sequential",
        "torch.nn.ModuleList",
    }
)
SETTINGS = frozenset(
    {
        "easydict.EasyDict",
        "munch.Munch",
        "addict.Dict",
        "box.Box",
        "dotmap.DotMap",
        "attrdict.AttrDict",
        "ml_collections.ConfigDict",
    }
)
"""Dicts whose keys are attributes as well: most hold what a file of settings may say otherwise."""
DICTS = SETTINGS | {"builtins.dict", "torch.nn.ModuleDict", "collections.OrderedDict"}


def iterates(kind: str) -> Callable[[Iterate], Iterate]:
    """Registers what a loop over objects of an outside class binds."""

    def register(iterate: Iterate) -> Iterate:
        ITERATED[kind] = iterate
        return iterate

    return register


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
        known = [one.value.items for one in items.alternatives if isinstance(one.value, Tuple)]
        size = max(map(len, known), default=0)
        columns = zip(*(one for one in known if len(one) == size), strict=True)
        return tuple(join(column) for column in columns)
    return items.items if isinstance(items, Tuple) else ()


def list_of(run: Interpreter, item: Value) -> Instance:
    """A list of unknown length, with the same item at each place."""
    made = run.new_list()
    run.heap.set(made.slots, REST, item)
    return made


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


def columns(run: Interpreter, sources: Iterable[Value]) -> list[list[Value]] | None:
    """The elements of iterables that are walked side by side, where their number is known.

    A list that a loop filled has no number of its own: it goes with the others to their end.
    """
    found = [(elements(run, source), has_grown(run, source)) for source in sources]
    known = [(items, grown) for items, grown in found if items is not None]
    if not known or len(known) < len(found):
        return None
    counted = [len(items) for items, grown in known if not grown]
    size = min(counted) if counted else max(len(items) for items, _ in known)
    return [_stretched(items, size) if grown else items[:size] for items, grown in known]


def _stretched(items: list[Value], size: int) -> list[Value]:
    """So many items of a list that was filled by a loop, its last one at the end."""
    if len(items) == size or not items or not size:
        return items[:size]
    before = items[: size - 1]
    missing = size - 1 - len(before)
    return [*before, *(items[:-1][-1:] or items) * missing, items[-1]]


def has_grown(run: Interpreter, value: Value) -> bool:
    """Whether a loop of unknown rounds filled a list."""
    return isinstance(value, Instance) and run.heap.get(value.slots, GROWN) is not None


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
            return any_item(run, value)
        if is_dict(value):
            return any_key(value)
        iterate = ITERATED.get(kind_of(value))
        if iterate is not None:
            return iterate(run, value, node)
        return Unknown(None, frozenset({value.oid}))
    if isinstance(value, Tensor):
        if value.shape == "sizes" and index:
            return Tensor(grad=False, sign=Sign.POSITIVE)
        return picked(value)
    if isinstance(value, Params):
        return Tensor(owner=value.owners, deps=value.owners or frozenset(), shape="parameter")
    if isinstance(value, Unknown):
        key: Hashable = (value.key, "[]", Const(index))
        if index is None or not (
            (index == 0 and is_maximum(value))
            or is_sizes(value.key)
            or is_result(value)
            or is_setting(key)
        ):
            key = None
        item = Unknown(key, value.deps, value.lost, value.why, value.grad)
        return item if node is None else of_loader(item, node)
    return UNKNOWN


def of_loader(value: Value, node: cst.CSTNode) -> Value:
    """What an expression gives: data, if nothing is known of it but that it names a loader."""
    return _as_data(value) if _is_unknown(value) and is_of_loader(node) else value


def part_of(value: Value, holder: cst.CSTNode) -> Value:
    """A part of a holder, if nothing else is known of it: data of a batch, or a setting."""
    if not _is_unknown(value):
        return value
    name = dotted(holder).rpartition(".")[2]
    if is_settings(name):
        either = _in_either(value)
        if either is not None:
            return either
        key = (("holder", id(holder), name), ".", "")
        return each(value, lambda one: replace(one, key=key) if one == UNKNOWN else one)
    return _as_data(value) if is_batch(holder) else value


def as_holder(value: Value, node: cst.CSTNode) -> Value:
    """What is called the settings, as what each of them has a symbol by: ``size, rate = args``."""
    name = dotted(node).rpartition(".")[2]
    if not isinstance(value, Unknown) or value.key is not None or not is_settings(name):
        return value
    return replace(value, key=("holder", id(node), name))


def _in_either(value: Value) -> Unknown | None:
    """One symbol for a setting that is read from one object or another: a test of it tells more."""
    known = [one.value for one in alternatives_of(value) if isinstance(one.value, Unknown)]
    keys = frozenset(one.key for one in known if one.key is not None)
    if not isinstance(value, Union) or len(known) < len(value.alternatives) or not keys:
        return None
    deps = frozenset().union(*(one.deps for one in known))
    key = (("holder", keys, "settings"), ".", "")
    return Unknown(key, deps, known[0].lost, known[0].why, any(one.grad for one in known))


def _as_data(value: Value) -> Value:
    return each(value, lambda one: replace(one, grad=False) if isinstance(one, Unknown) else one)


def _is_unknown(value: Value) -> bool:
    return any(isinstance(one.value, Unknown) and one.value.grad for one in alternatives_of(value))


def any_item(run: Interpreter, value: Instance) -> Value:
    """What stands for any item of a list."""
    items = list(list_items(run, value))
    rest, tail = run.heap.get(value.slots, REST), run.heap.get(value.slots, TAIL)
    if rest is not None:
        items.append(rest)
    if isinstance(tail, Tuple):
        items.extend(tail.items)
    return join(items) if items else UNKNOWN


def picked(value: Tensor) -> Tensor:
    """Some elements of a tensor."""
    return value.but(picked=True, sizes=ANY, dim=None, zero=value.zero, shape=_kept(value.shape))


def at_maximum(made: Tensor, indices: Iterable[object]) -> Tensor:
    """What was picked from a tensor; by the index of its maximum, that is the maximum."""
    for index in indices:
        if isinstance(index, Tensor) and index.shape == ARGMAX:
            return made.but(shape="maximum")
    return made


_OF_ELEMENTS = frozenset(
    {
        "parameter",
        "filled rows",
        "unit",
        "ratio",
        "norm",
        "maximum",
        "minimum",
        "shifted",
        "exp",
        "absorbed",
        "cosine",
        "up-to-one",
        "running share",
        "arange",
        "members",
        "non-positive",
        "density",
        "single",
        ARGMAX,
    }
)
"""Forms of a tensor that its elements have too."""


def _kept(shape: str) -> str:
    return shape if shape in _OF_ELEMENTS else ""


def note_growth(run: Interpreter, target: Instance) -> None:
    """Notes that an item is added to a list, of which a loop around may add any number."""
    if any(one.repeats and target.oid <= one.mark.newest for one in run.looping):
        run.heap.set(target.slots, GROWN, TRUE)


def append(run: Interpreter, target: Instance, value: Value) -> None:
    """Adds an item at the end of a list."""
    note_growth(run, target)
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


def _longer(run: Interpreter, items: Value | None, source: Value) -> Union | None:
    """Known items with those of a list behind them whose number depends on the path."""
    if not isinstance(items, Tuple) or not isinstance(source, Instance) or not is_list(source):
        return None
    forms = run.heap.get(source.slots, ITEMS)
    if not isinstance(forms, Union) or run.heap.get(source.slots, REST) is not None:
        return None
    behind = [one.value.items for one in forms.alternatives if isinstance(one.value, Tuple)]
    if len(behind) < len(forms.alternatives):
        return None
    if len(items.items) + max(map(len, behind)) > MAX_ITEMS:
        return None
    first = items.items
    made = each(forms, lambda one: Tuple((*first, *one.items)) if isinstance(one, Tuple) else one)
    return made if isinstance(made, Union) else None


def extend(run: Interpreter, target: Instance, source: Value) -> None:
    """Adds all items of an iterable at the end of a list."""
    if has_grown(run, source):
        run.heap.set(target.slots, GROWN, TRUE)
    if run.heap.get(target.slots, REST) is None:
        longer = _longer(run, run.heap.get(target.slots, ITEMS), source)
        if longer is not None:
            run.heap.set(target.slots, ITEMS, longer)
            return
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
