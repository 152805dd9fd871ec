"""Python's own builtins and containers, as far as values flow through them."""

from __future__ import annotations

from collections.abc import Hashable
from itertools import product
from math import prod

import libcst as cst

from losslint.analysis.domain.arguments import Args
from losslint.analysis.domain.conditions import NUMBER
from losslint.analysis.domain.containers import (
    SETTINGS,
    columns,
    element,
    elements,
    extend,
    has_grown,
    is_key,
    is_list,
    list_of,
    of_loader,
)
from losslint.analysis.domain.heap import FACTORY, REST
from losslint.analysis.domain.joins import each, truth
from losslint.analysis.domain.marks import SUM_OF_MANY
from losslint.analysis.domain.numbers import number
from losslint.analysis.domain.values import (
    TRUE,
    UNKNOWN,
    Bound,
    Class,
    Const,
    Function,
    Instance,
    Params,
    Partial,
    Sign,
    Super,
    Tensor,
    Tuple,
    Union,
    Unknown,
    Value,
)
from losslint.analysis.interpreter import constant
from losslint.analysis.objective.watched import looked_at, read_as_number, written_out
from losslint.analysis.python.operators import binary
from losslint.analysis.tensors import blending
from losslint.analysis.tensors.forms import LENGTH
from losslint.analysis.tensors.operations import none_found
from losslint.analysis.torch_api.optim import together
from losslint.analysis.torch_api.registry import Op, call_function_by_name, extern
from losslint.analysis.training.counts import length
from losslint.analysis.training.gradient_flow import cut


@extern("builtins.range")
def _range(op: Op) -> Value:
    made = list_of(op.run, Unknown())
    bounds = [constant(value, int) for value in op.args.positional]
    if 1 <= len(bounds) <= 2 and all(one is not None and abs(one) < _LARGE for one in bounds):
        numbers = range(*bounds)
        if len(numbers) <= MAX_NUMBERS:
            op.run.heap.set(made.slots, NUMBERS, Tuple(tuple(map(Const, numbers))))
    return made


NUMBERS = "<numbers>"
"""The slot of a short range that holds its numbers; most loops over one are seen as endless."""
MAX_NUMBERS = 12
_LARGE = 1_000_000


@extern("builtins.zip")
def _zip(op: Op) -> Value:
    sources = op.args.positional
    if op.args.open:
        return list_of(op.run, Unknown())
    known = columns(op.run, sources)
    if known is not None:
        return op.run.new_list([Tuple(row) for row in zip(*known, strict=True)])
    nodes: list[cst.CSTNode] = [op.node] * len(sources)
    if isinstance(op.node, cst.Call) and len(op.node.args) == len(sources):
        nodes = [one.value for one in op.node.args]
    row = Tuple(tuple(element(op.run, one, node) for one, node in zip(sources, nodes, strict=True)))
    return list_of(op.run, row)


@extern("itertools.product")
def _product(op: Op) -> Value:
    """All combinations of settings, say: each of a few, or one that stands for them all."""
    sources = op.args.positional
    if op.args.open or op.given(-1, "repeat") is not None:
        return list_of(op.run, Unknown())
    known = [elements(op.run, one) for one in sources]
    choices = [one for one in known if one is not None]
    if len(choices) == len(known) and prod(map(len, choices)) <= MAX_NUMBERS:
        return op.run.new_list([Tuple(row) for row in product(*choices)])
    row = (_one_of(op, index, source) for index, source in enumerate(sources))
    return list_of(op.run, Tuple(tuple(row)))


def _one_of(op: Op, index: int, source: Value) -> Value:
    """Any of several items; of several constants, one that tests can ask for."""
    known = elements(op.run, source)
    if known is not None and len(known) == 1:
        return known[0]
    if known is not None and all(isinstance(one, Const) for one in known):
        return Unknown((("product", id(op.node)), "[]", Const(index)))
    return element(op.run, source, op.node)


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
        return list_of(op.run, Tuple((Unknown(), element(op.run, source, op.node))))
    if short in ("sorted", "reversed"):
        known = elements(op.run, source)
        if known is not None:
            return op.run.new_list(known[::-1] if short == "reversed" else known)
    return of_loader(source, op.node)


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
        "types.SimpleNamespace", "argparse.Namespace", *SETTINGS)  # fmt: skip
def _dict(op: Op) -> Value:
    made = op.run.new_dict(kind=op.name if op.name in SETTINGS else "builtins.dict")
    source = op.given(0)
    if op.name == "collections.defaultdict" and source is not None:
        op.run.heap.set(made.slots, FACTORY, source)
        source = op.given(1)
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
        rest = op.run.heap.get(source.slots, REST) if is_list(source) else None
        if isinstance(rest, Tuple) and len(rest.items) == 2:
            op.run.heap.set(made.slots, REST, rest.items[1])
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
    return each(total, _as_sum_of_many) if has_grown(op.run, source) else total


def _as_sum_of_many(value: Value) -> Value:
    if not isinstance(value, Tensor):
        return value
    return value.but(marks=value.marks | {SUM_OF_MANY})


def _of_many(op: Op, value: Value) -> Value:
    """The sum of an unknown number of values of one kind."""
    if isinstance(value, Tensor):
        zero = value.zero or value.mask
        sums = value.sums
        if not sums and len({term.family for term in value.terms}) > 1:
            sums = frozenset({op.run.place(op.node)})
        return value.but(sums=sums, zero=zero, marks=value.marks | {SUM_OF_MANY})
    return value


@extern("builtins.max", "builtins.min")
def _extreme(op: Op) -> Value:
    values = list(op.args.positional)
    if len(values) == 1:
        return element(op.run, values[0], op.node)
    tensors = [value for value in values if isinstance(value, Tensor)]
    if tensors:
        made = blending.blend(*values)
        numbers = [number(value) for value in values]
        positive = any(number is not None and number > 0 for number in numbers)

        opened = any(isinstance(value, Unknown) for value in values)
        largest = op.name.endswith("max")
        if largest and any(one.shape == "maximum" for one in tensors):
            made = made.but(shape="maximum")
        guarded = largest and (positive or opened)
        return made.but(sign=Sign.POSITIVE if guarded else Sign.UNKNOWN)
    return UNKNOWN


_PLAIN = (int, float, str, type(None))


@extern("builtins.int", "builtins.float", "builtins.bool", "builtins.str", "builtins.round")
def _converted(op: Op) -> Value:
    value = op.given(0)
    if isinstance(value, Tensor):
        read_as_number(op.run, value)
        short = op.name.rpartition(".")[2]
        return cut(op.run, value, value.but(grad=False, terms=()), short, op.node)
    if isinstance(value, Const):
        kind = {"int": int, "float": float, "bool": bool, "str": str}.get(
            op.name.rpartition(".")[2]
        )
        if kind is None or not isinstance(value.value, _PLAIN):
            return UNKNOWN  # what the text of an enumeration's member is, its class decides
        try:
            return Const(kind(value.value))
        except (TypeError, ValueError, OverflowError):
            return UNKNOWN
    if op.name == "builtins.float":
        return Unknown((NUMBER, "float", id(op.node)), grad=False)
    return Unknown()


@extern("builtins.abs")
def _abs(op: Op) -> Value:
    value = op.given(0)
    if isinstance(value, Const):
        known = number(value)
        return UNKNOWN if known is None else Const(abs(value.value))
    return call_function_by_name(op.run, "abs", op.args)


@extern("typing.cast", "typing_extensions.cast")
def _cast(op: Op) -> Value:
    return op.arg(1, "val")


@extern("builtins.len")
def _len(op: Op) -> Value:
    value = op.arg(0)
    known = elements(op.run, value)
    if isinstance(value, Tensor) and (found := none_found(value)) is not None:
        return Tensor(zero=found, grad=False, sign=Sign.NON_NEGATIVE, shape=LENGTH)
    if isinstance(value, Unknown | Instance | Union):
        return length(op.run, value, op.node)
    if isinstance(value, Tuple) and known is not None:
        return Const(len(known))
    return Unknown((NUMBER, "len", id(op.node)), grad=False)


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
    see = written_out if op.name == "builtins.print" else looked_at
    for value in op.args.all():
        see(op.run, value, op.run.place(op.node))
    if op.name in ("builtins.any", "builtins.all"):
        known = elements(op.run, op.arg(0))
        if known:
            found = {truth(item) for item in known}
            if len(found) == 1 and None not in found:
                return Const(found.pop())
    return Unknown()


@extern("builtins.map", "builtins.filter")
def _map(op: Op) -> Value:

    callee, source = op.arg(0), op.arg(1)
    if op.name == "builtins.filter":
        if isinstance(source, Params):
            return source
        return list_of(op.run, element(op.run, source, op.node))
    known = elements(op.run, source)
    if known is not None and len(op.args.positional) == 2:
        return op.run.new_list([op.run.call(callee, Args(op.node, [item])) for item in known])
    items = [element(op.run, one, op.node) for one in op.args.positional[1:]]
    return list_of(op.run, op.run.call(callee, Args(op.node, items)))


@extern("functools.reduce")
def _reduce(op: Op) -> Value:
    callee, start = op.arg(0), op.given(2)
    known = elements(op.run, op.arg(1))
    if known is None or (start is None and not known):
        return UNKNOWN
    value = known.pop(0) if start is None else start
    for item in known:
        value = op.run.call(callee, Args(op.node, [value, item]))
    return value


@extern("itertools.chain", "itertools.chain.from_iterable")
def _chain(op: Op) -> Value:
    if any(isinstance(value, Params) for value in op.args.positional):
        return together(op.run, op.args.positional)
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
