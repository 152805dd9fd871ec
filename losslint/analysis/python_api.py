"""Python's own builtins and containers, as far as values flow through them."""

from __future__ import annotations

from collections.abc import Hashable

import libcst as cst

from losslint.analysis import arithmetic
from losslint.analysis.arguments import Args
from losslint.analysis.assignment import set_attribute
from losslint.analysis.containers import (
    append,
    element,
    elements,
    extend,
    is_dict,
    is_key,
    is_list,
    keys_of,
    kind_of,
    list_items,
)
from losslint.analysis.interpreter import ITEMS, REST, Interpreter
from losslint.analysis.joins import join, one_of, truth
from losslint.analysis.lookup import class_attribute, lineage
from losslint.analysis.operators import binary
from losslint.analysis.torch_api.optim import owners_of
from losslint.analysis.torch_api.registry import Op, extern, method
from losslint.analysis.values import (
    FALSE,
    NONE,
    TRUE,
    UNKNOWN,
    Bound,
    Class,
    Const,
    Extern,
    Function,
    Instance,
    Namespace,
    Params,
    Partial,
    Sign,
    Super,
    Tensor,
    Tuple,
    Unknown,
    Value,
)


def _with_rest(run: Interpreter, rest: Value) -> Instance:
    made = run.new_list()
    run.heap.set(made.slots, REST, rest)
    return made


@extern("builtins.range")
def _range(op: Op) -> Value:
    return _with_rest(op.run, Unknown())


@extern("builtins.zip")
def _zip(op: Op) -> Value:
    sources = op.args.positional
    columns = [elements(op.run, source) for source in sources]
    if columns and all(column is not None for column in columns) and not op.args.open:
        known = [column for column in columns if column is not None]
        return op.run.new_list([Tuple(row) for row in zip(*known, strict=False)])
    if op.args.open:
        return _with_rest(op.run, Unknown())
    row = Tuple(tuple(element(op.run, source, op.node) for source in sources))
    return _with_rest(op.run, row)


@extern("builtins.enumerate", "tqdm.tqdm", "tqdm.auto.tqdm", "tqdm.notebook.tqdm", "tqdm.trange",
        "itertools.cycle", "itertools.islice", "builtins.iter", "builtins.reversed",
        "builtins.sorted", "tqdm.std.tqdm", "rich.progress.track")  # fmt: skip
def _iterated(op: Op) -> Value:
    source = op.arg(0, "iterable")
    short = op.name.rpartition(".")[2]
    if short == "enumerate":
        known = elements(op.run, source)
        if known is not None:
            return op.run.new_list(
                [Tuple((Const(index), item)) for index, item in enumerate(known)]
            )
        return _with_rest(op.run, Tuple((Unknown(), element(op.run, source, op.node))))
    if short in ("sorted", "reversed"):
        known = elements(op.run, source)
        if known is not None:
            return op.run.new_list(known[::-1] if short == "reversed" else known)
    return source


@extern("builtins.next")
def _next(op: Op) -> Value:
    return element(op.run, op.arg(0), op.node)


@extern("builtins.list", "builtins.tuple", "builtins.set", "builtins.frozenset",
        "collections.deque")  # fmt: skip
def _list(op: Op) -> Value:
    source = op.given(0, "iterable")
    if isinstance(source, Params):
        return source
    if source is None:
        return op.run.new_list()
    if isinstance(source, Unknown):
        return source
    known = elements(op.run, source)
    if op.name == "builtins.tuple" and known is not None:
        return Tuple(tuple(known))
    made = op.run.new_list()
    extend(op.run, made, source)
    return made


@extern("builtins.dict", "collections.OrderedDict", "collections.defaultdict",
        "types.SimpleNamespace", "argparse.Namespace")  # fmt: skip
def _dict(op: Op) -> Value:
    made = op.run.new_dict()
    source = op.given(0)
    if isinstance(source, Instance):
        for key, value in list(source.slots.items()):
            if key == REST or is_key(key):
                op.run.heap.set(made.slots, key, value)
        for pair in elements(op.run, source) or ():
            if (
                isinstance(pair, Tuple)
                and len(pair.items) == 2
                and isinstance(pair.items[0], Const)
            ):
                op.run.heap.set(made.slots, ("key", pair.items[0].value), pair.items[1])
    for key_, value in op.args.keywords.items():
        slot: Hashable = key_ if op.name.endswith("amespace") else ("key", key_)
        op.run.heap.set(made.slots, slot, value)
    return made


@extern("builtins.sum", "math.fsum")
def _sum(op: Op) -> Value:
    source = op.arg(0, "iterable")
    known = elements(op.run, source)
    if known is None:
        return _of_many(op, element(op.run, source, op.node))
    if not known:
        return Const(0)
    total = known[0]

    for item in known[1:]:
        total = binary(op.run, "+", total, item, op.node)
    return total


def _of_many(op: Op, value: Value) -> Value:
    """The sum of an unknown number of values of one kind."""
    if isinstance(value, Tensor):
        zero = value.zero or value.mask
        sums = value.sums
        if not sums and len({term.family for term in value.terms}) > 1:
            sums = frozenset({op.run.place(op.node)})
        return value.but(sums=sums, zero=zero)
    return value


@extern("builtins.max", "builtins.min")
def _extreme(op: Op) -> Value:
    values = list(op.args.positional)
    if len(values) == 1:
        return element(op.run, values[0], op.node)
    tensors = [value for value in values if isinstance(value, Tensor)]
    if tensors:
        made = arithmetic.blend(*values)
        numbers = [arithmetic.number(value) for value in values]
        positive = any(number is not None and number > 0 for number in numbers)

        opened = any(isinstance(value, Unknown) for value in values)
        guarded = op.name.endswith("max") and (positive or opened)
        return made.but(sign=Sign.POSITIVE if guarded else Sign.UNKNOWN)
    if all(isinstance(value, Const) for value in values) and values:
        return UNKNOWN
    return UNKNOWN


@extern("builtins.int", "builtins.float", "builtins.bool", "builtins.str", "builtins.abs",
        "builtins.round")  # fmt: skip
def _converted(op: Op) -> Value:
    value = op.given(0)
    if isinstance(value, Tensor):
        return value.but(grad=False, terms=(), operations=frozenset())
    if isinstance(value, Const):
        kind = {"int": int, "float": float, "bool": bool, "str": str, "abs": abs}.get(
            op.name.rpartition(".")[2]
        )
        try:
            return Const(kind(value.value)) if kind is not None else UNKNOWN  # type: ignore[operator]
        except (TypeError, ValueError, OverflowError):
            return UNKNOWN
    return Unknown()


@extern("builtins.len")
def _len(op: Op) -> Value:
    value = op.arg(0)
    known = elements(op.run, value)
    if isinstance(value, Tensor) and (value.zero or value.mask):
        return Tensor(zero=value.zero or value.mask, grad=False)
    return Const(len(known)) if isinstance(value, Tuple) and known is not None else Unknown()


@extern("builtins.isinstance")
def _isinstance(op: Op) -> Value:
    value, kind = op.arg(0), op.arg(1)
    if isinstance(value, Instance) and isinstance(kind, Class) and isinstance(value.cls, Class):
        return TRUE if kind in lineage(value.cls) else FALSE
    if isinstance(value, Instance) and isinstance(kind, Extern):
        own = kind_of(value)
        if own == kind.name or (own.startswith("torch.nn.") and kind.name == "torch.nn.Module"):
            return TRUE
        if isinstance(value.cls, Extern) and own.partition(".")[0] != kind.name.partition(".")[0]:
            return FALSE
        if own.startswith("torch.nn.") and kind.name.startswith("torch.nn."):
            return FALSE if isinstance(value.cls, Extern) else Unknown()
        return Unknown()
    if isinstance(value, Tuple) and isinstance(kind, Extern):
        return Const(kind.name == "builtins.tuple")
    if isinstance(value, Tensor) and isinstance(kind, Extern):
        if kind.name in ("torch.Tensor", "builtins.object"):
            return TRUE
        if kind.name.startswith("builtins.") and value.grad:
            return FALSE
        return Unknown()
    if isinstance(value, Tensor) and isinstance(kind, Tuple):
        if all(isinstance(one, Extern) and one.name.startswith("builtins.") for one in kind.items):
            return FALSE
    if isinstance(value, Const) and isinstance(kind, Extern):
        return Const(kind.name == f"builtins.{type(value.value).__name__}")
    if isinstance(value, Unknown) and value.key is not None and isinstance(kind, Extern):
        return Unknown(("isinstance", value.key, kind.name))
    return Unknown()


@extern("builtins.getattr")
def _getattr(op: Op) -> Value:
    name = op.arg(1)
    if isinstance(name, Const) and isinstance(name.value, str):
        return op.run.attribute(op.arg(0), name.value, op.node)
    target = op.arg(0)
    if isinstance(target, Namespace):
        return element_of(op.run, models_of(op.run, target), id(op.node))
    return Unknown()


def models_of(run: Interpreter, target: Namespace) -> Instance:
    """The classes and functions of a module under their names: ``module.__dict__``."""
    return run.new_dict(
        {
            name: value
            for name, value in target.module.slots.items()
            if isinstance(value, Class | Function) and not str(name).startswith("_")
        }
    )


def element_of(run: Interpreter, target: Instance, token: int) -> Value:
    """Any of the models in a registry that is asked for a name which is not known."""
    classes = [
        value
        for value in target.slots.values()
        if isinstance(value, Class) and class_attribute(run, value, "forward") is not None
    ]
    return one_of(classes, token) if classes else Unknown()


@extern("builtins.setattr")
def _setattr(op: Op) -> Value:
    name = op.arg(1)
    if isinstance(name, Const) and isinstance(name.value, str):
        set_attribute(op.run, op.arg(0), name.value, op.arg(2), op.node)
    return NONE


@extern("builtins.hasattr")
def _hasattr(op: Op) -> Value:
    value, name = op.arg(0), op.arg(1)
    if isinstance(value, Instance) and isinstance(name, Const):
        if name.value in value.slots:
            return TRUE
    return Unknown()


@extern("builtins.super")
def _super(op: Op) -> Value:
    frame = op.run.frame
    for one in reversed(op.run.frames):
        if one.owner is not None:
            frame = one
            break
    if frame.owner is not None and frame.self is not None:
        return Super(frame.owner, frame.self)
    return Unknown()


@extern("builtins.type")
def _type(op: Op) -> Value:
    value = op.arg(0)
    return value.cls if isinstance(value, Instance) else Unknown()


@extern("builtins.callable")
def _callable(op: Op) -> Value:
    value = op.arg(0)
    return TRUE if isinstance(value, Function | Bound | Class | Partial) else Unknown()


@extern("builtins.print", "builtins.open", "builtins.exit", "builtins.input", "builtins.id",
        "builtins.hash", "builtins.repr", "builtins.vars", "builtins.dir", "builtins.any",
        "builtins.all", "builtins.divmod", "builtins.exec", "builtins.slice",
        "builtins.object", "builtins.bytes", "builtins.Exception", "builtins.chr",
        "builtins.ValueError")  # fmt: skip
def _nothing(op: Op) -> Value:
    if op.name in ("builtins.any", "builtins.all"):
        known = elements(op.run, op.arg(0))
        if known:
            found = {truth(item) for item in known}
            if len(found) == 1 and None not in found:
                return Const(found.pop())
    return Unknown()


@extern("builtins.eval")
def _eval(op: Op) -> Value:
    source = op.arg(0)
    if isinstance(source, Const) and isinstance(source.value, str) and len(source.value) < 200:
        try:
            return op.run.eval(cst.parse_expression(source.value))
        except cst.ParserSyntaxError:
            return UNKNOWN
    return Unknown()


@extern("builtins.map", "builtins.filter")
def _map(op: Op) -> Value:

    callee, source = op.arg(0), op.arg(1)
    if op.name == "builtins.filter":
        if isinstance(source, Params):
            return source
        return _with_rest(op.run, element(op.run, source, op.node))
    known = elements(op.run, source)
    if known is not None and len(op.args.positional) == 2:
        return op.run.new_list([op.run.call(callee, Args(op.node, [item])) for item in known])
    items = [element(op.run, one, op.node) for one in op.args.positional[1:]]
    return _with_rest(op.run, op.run.call(callee, Args(op.node, items)))


@extern("functools.partial", "functools.partialmethod")
def _partial(op: Op) -> Value:
    return Partial(op.arg(0), tuple(op.args.positional[1:]), tuple(op.args.keywords.items()))


@extern("collections.namedtuple", "typing.NamedTuple")
def _namedtuple(op: Op) -> Value:
    names = op.arg(1, "field_names")
    known: list[str] = []
    if isinstance(names, Const) and isinstance(names.value, str):
        known = names.value.replace(",", " ").split()
    for item in elements(op.run, names) or ():
        if isinstance(item, Tuple) and item.items:
            known.append(str(getattr(item.items[0], "value", "")))
        elif isinstance(item, Const):
            known.append(str(item.value))
    return Partial(Extern(RECORD), (Tuple(tuple(Const(name) for name in known)),), ())


RECORD = "<record>"
"""The class of what a named tuple's class makes."""


@extern(RECORD)
def _record(op: Op) -> Value:
    names = op.args.positional[0]
    made = op.run.new_instance(Extern(RECORD))
    if not isinstance(names, Tuple) or op.args.open:
        return made
    items: list[Value] = []
    for index, name in enumerate(names.items):
        assert isinstance(name, Const)
        value = op.arg(index + 1, str(name.value))
        op.run.heap.set(made.slots, name.value, value)
        items.append(value)
    op.run.heap.set(made.slots, ITEMS, Tuple(tuple(items)))
    return made


@extern("itertools.chain", "itertools.chain.from_iterable")
def _chain(op: Op) -> Value:
    if any(isinstance(value, Params) for value in op.args.positional):
        return Params(owners_of(op.run, Tuple(tuple(op.args.positional))))
    made = op.run.new_list()
    for value in op.args.positional:
        extend(op.run, made, value)
    return made


@extern("dataclasses.field")
def _field(op: Op) -> Value:
    factory = op.given(-1, "default_factory")
    if factory is not None:
        return op.run.call(factory, Args(op.node))
    value = op.given(-1, "default")
    return value if value is not None else UNKNOWN


# -- methods of containers --------------------------------------------------------------------


@method("list", "append", "appendleft", "add")
@method("modulelist", "append")
def _append(op: Op, target: Instance) -> Value:
    append(op.run, target, op.arg(0))
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
    values = _values_of(op.run, target)
    if default is not None and default != NONE:
        values.append(default)
    return join(values) if values else UNKNOWN


def _values_of(run: Interpreter, target: Instance) -> list[Value]:
    values = [value for key, value in target.slots.items() if is_key(key)]
    rest = run.heap.get(target.slots, REST)
    return [*values, rest] if rest is not None else values


@method("dict", "values")
@method("moduledict", "values")
def _values(op: Op, target: Instance) -> Value:
    rest = op.run.heap.get(target.slots, REST)
    known = [
        op.run.heap.get(target.slots, key) or UNKNOWN for key in list(target.slots) if is_key(key)
    ]
    made = op.run.new_list(known)
    if rest is not None:
        op.run.heap.set(made.slots, REST, rest)
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
        op.run.heap.set(made.slots, REST, Tuple((Unknown(), rest)))
    return made


@method("dict", "keys")
@method("moduledict", "keys")
def _keys(op: Op, target: Instance) -> Value:
    known = elements(op.run, target)
    return op.run.new_list(known) if known is not None else _with_rest(op.run, Unknown())


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
