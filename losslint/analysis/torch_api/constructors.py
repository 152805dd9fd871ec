"""Modules of torch.nn: what they keep of their constructor."""

from __future__ import annotations

import libcst as cst

from losslint.analysis.domain.arguments import Args
from losslint.analysis.domain.containers import TAIL, elements, extend, is_key, keys_of, kind_of
from losslint.analysis.domain.heap import ITEMS, REST
from losslint.analysis.domain.joins import each
from losslint.analysis.domain.values import NONE, UNKNOWN, Instance, Tuple, Union, Value
from losslint.analysis.interpreter import Interpreter
from losslint.analysis.torch_api.registry import module_class

AFFINE = {
    "Linear": 1, "LazyLinear": 0, "Bilinear": 2, "Conv1d": 1, "Conv2d": 1, "Conv3d": 1,
    "ConvTranspose1d": 1, "ConvTranspose2d": 1, "ConvTranspose3d": 1, "LazyConv2d": 0,
}  # fmt: skip
"""Modules whose output is an affine function of their input, and where their output size stands."""
_CONTAINERS = ("Sequential", "ModuleList", "ParameterList")
_MAPPINGS = ("ModuleDict", "ParameterDict")
_POSITIONS = {
    "Softmax": ("dim",), "LogSoftmax": ("dim",), "Softmin": ("dim",),
    "CrossEntropyLoss": ("weight",), "NLLLoss": ("weight",), "BCELoss": ("weight",),
    "BCEWithLogitsLoss": ("weight",), "KLDivLoss": ("size_average", "reduce", "reduction"),
}  # fmt: skip
"""Names of the first positional parameters of constructors, where rules want to see them."""


def initialise(run: Interpreter, made: Instance, kind: str, args: Args) -> None:
    """Keeps the arguments of a constructor as slots of the object."""
    name = module_class(kind) or kind.rpartition(".")[2]
    if name in _CONTAINERS:
        _fill(run, made, args)
        return
    if name in _MAPPINGS:
        _fill_mapping(run, made, args)
        return
    for index, option in enumerate(_POSITIONS.get(name, ())):
        if index < len(args.positional):
            run.heap.set(made.slots, ("opt", option), args.positional[index])
    for option, value in args.keywords.items():
        run.heap.set(made.slots, ("opt", option), value)
    if args.open and "reduction" not in args.keywords:
        run.heap.set(made.slots, ("opt", "reduction"), UNKNOWN)
    size = AFFINE.get(name)
    if size is not None and size < len(args.positional):
        run.heap.set(made.slots, ("opt", "out_features"), args.positional[size])
    if name in ("Softmax", "LogSoftmax", "Softmin") and not args.open:
        dim = args.get(0, "dim", "axis")
        run.heap.set(made.slots, ("opt", "dim"), NONE if dim is None else dim)
    for index, value in enumerate(args.positional[:4]):
        run.heap.set(made.slots, ("arg", index), value)


def model_of_trainer(run: Interpreter, target: Instance) -> Value | None:
    """The model that a trainer of transformers was built with, which it passes to its methods."""
    kind = kind_of(target)
    if not kind.startswith("transformers.") or not kind.endswith("Trainer"):
        return None
    named = run.heap.get(target.slots, ("opt", "model"))
    return named if named is not None else run.heap.get(target.slots, ("arg", 0))


def _fill(run: Interpreter, made: Instance, args: Args) -> None:
    """Children of a Sequential or ModuleList, in order."""
    run.heap.set(made.slots, ITEMS, Tuple(()))
    source = args.get(0, "modules")
    single = len(args.positional) == 1 and not args.open and source is not None
    if single and isinstance(source, Union):
        lists = each(source, lambda one: _as_items(run, one))
        run.heap.set(made.slots, ITEMS, lists)
        return
    if single and isinstance(source, Instance) and _is_collection(source):
        if any(is_key(key) for key in source.slots):
            children = [value for key, value in source.slots.items() if is_key(key)]
            run.heap.set(made.slots, ITEMS, Tuple(tuple(children)))
            _name_children(run, made, source)
            return
        items = run.heap.get(source.slots, ITEMS)
        if isinstance(items, Union):
            run.heap.set(made.slots, ITEMS, items)
            return
        pairs = elements(run, source)
        if pairs is not None and pairs and all(isinstance(p, Tuple) for p in pairs):
            values = [p.items[1] for p in pairs if isinstance(p, Tuple) and len(p.items) == 2]
            run.heap.set(made.slots, ITEMS, Tuple(tuple(values)))
            return
        extend(run, made, source)
        return
    if args.spread is not None:
        run.heap.set(made.slots, ITEMS, args.spread)
        return
    if args.open:
        if args.stars:
            run.heap.set(made.slots, ITEMS, Tuple(tuple(args.positional[: _before_star(args)])))
            run.heap.set(made.slots, REST, args.stars[0])
            behind = tuple(args.positional[_before_star(args) :])
            if behind:
                run.heap.set(made.slots, TAIL, Tuple(behind))
        return
    run.heap.set(made.slots, ITEMS, Tuple(tuple(args.positional)))


def _before_star(args: Args) -> int:
    """How many positional arguments stand before the first ``*`` of unknown length."""
    if not isinstance(args.node, cst.Call):
        return 0
    for index, arg in enumerate(args.node.args):
        if arg.star == "*":
            return min(index, len(args.positional))
    return len(args.positional)


def _as_items(run: Interpreter, value: Value) -> Value:
    known = elements(run, value)
    return Tuple(tuple(known)) if known is not None else Tuple((value,))


def _is_collection(source: Instance) -> bool:
    return ITEMS in source.slots or any(is_key(key) for key in source.slots)


def _name_children(run: Interpreter, made: Instance, source: Instance) -> None:
    for key in keys_of(source):
        if isinstance(key[1], str):
            run.heap.set(made.slots, key[1], source.slots[key])


def _fill_mapping(run: Interpreter, made: Instance, args: Args) -> None:
    source = args.get(0, "modules")
    if isinstance(source, Instance):
        for key, value in list(source.slots.items()):
            if key == REST or is_key(key):
                run.heap.set(made.slots, key, value)
