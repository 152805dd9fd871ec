"""Modules of torch.nn: what a call of them returns."""

from __future__ import annotations

from collections.abc import Callable, Hashable

import libcst as cst

from losslint.analysis.domain.arguments import Args
from losslint.analysis.domain.containers import TAIL, kind_of
from losslint.analysis.domain.heap import ITEMS, REST
from losslint.analysis.domain.joins import each
from losslint.analysis.domain.numbers import number
from losslint.analysis.domain.sizes import ANY, SCALAR, Sizes, dims, flattened, rank
from losslint.analysis.domain.trail import extend as extend_trail
from losslint.analysis.domain.values import (
    NONE,
    PROBABILITIES,
    UNKNOWN,
    Act,
    Class,
    Const,
    Instance,
    Tensor,
    Tuple,
    Union,
    Unknown,
    Value,
    alternatives_of,
)
from losslint.analysis.interpreter import Interpreter
from losslint.analysis.tensors.blending import blend, deps_of, live_deps, union_deps
from losslint.analysis.tensors.cut_offs import dropped
from losslint.analysis.tensors.forms import FILLED, PADDED
from losslint.analysis.tensors.paddings import note_looked_up
from losslint.analysis.torch_api import activations
from losslint.analysis.torch_api.constructors import AFFINE
from losslint.analysis.torch_api.registry import FUNCTIONS, MODULES, Op, module_class
from losslint.analysis.torch_api.rows import sizes_of_input
from losslint.analysis.torch_api.sizing import resized, sizes_of, whole

Call = Callable[[Interpreter, Instance, Args], Value]
_SAME = (
    "Identity", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "Flatten",
    "Unflatten", "Upsample", "UpsamplingBilinear2d", "UpsamplingNearest2d", "PixelShuffle",
    "AvgPool1d", "AvgPool2d", "AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveAvgPool3d",
    "MaxPool1d", "MaxPool2d", "AdaptiveMaxPool1d", "AdaptiveMaxPool2d", "ZeroPad2d",
    "ReflectionPad2d", "BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "LazyBatchNorm1d",
)  # fmt: skip
_SIZE_CHANGING = frozenset(
    name for name in _SAME if any(part in name for part in ("Pool", "Up", "Pad", "Unflat", "Pixel"))
)
_ACTIVATIONS = {
    "Sigmoid": "sigmoid", "Hardsigmoid": "hardsigmoid", "LogSigmoid": "logsigmoid", "Tanh": "tanh",
    "Hardtanh": "hardtanh", "Softsign": "tanh", "ReLU": "relu", "ReLU6": "relu",
    "Softplus": "softplus",
    "LeakyReLU": "leaky_relu", "PReLU": "leaky_relu", "ELU": "leaky_relu", "SELU": "leaky_relu",
    "GELU": "leaky_relu", "SiLU": "leaky_relu", "Mish": "leaky_relu", "Hardswish": "leaky_relu",
}  # fmt: skip
_CHOSEN = frozenset({*_ACTIVATIONS, "Softmax", "LogSoftmax", "Softmin", "Identity"})
_RECURRENT = ("LSTM", "GRU", "RNN", "MultiheadAttention", "LSTMCell")
_WRAPPERS = (
    "DataParallel",
    "DistributedDataParallel",
    "parallel.DataParallel",
    "FullyShardedDataParallel",
)


def is_activation(value: Value) -> bool:
    """Whether a value is a module of torch that applies an activation, or none at all."""
    if not isinstance(value, Instance) or isinstance(value.cls, Class):
        return False
    return module_class(value.cls.name) in _CHOSEN


def modules(*names: str) -> Callable[[Call], Call]:
    """Registers what a call of a module does."""

    def register(handler: Call) -> Call:
        for name in names:
            MODULES[name] = handler
        return handler

    return register


def _input(args: Args) -> Value:
    value = args.get(0, "input", "x")
    return UNKNOWN if value is None else value


@modules(*AFFINE)
def _affine(run: Interpreter, module: Instance, args: Args) -> Value:
    given = _input(args)
    deps = union_deps(live_deps(run, given), frozenset({module.oid}))
    made = blend(given)
    if not deps_of(given):
        made = made.but(operations=frozenset())  # what prepared the data is no part of the loss
    return made.but(
        act=Act.RAW,
        deps=deps,
        sizes=_affine_sizes(run, module, given),
        terms=(),
        marks=frozenset(),
        trail=None,
        grad=not run.no_grad,
    )


def _affine_sizes(run: Interpreter, module: Instance, given: Value) -> Sizes:
    outputs = whole(run.heap.get(module.slots, ("opt", "out_features")))
    own, kind = sizes_of_input(run, given), kind_of(module)
    if "Conv" in kind:
        return (None, outputs, *(None,) * int(kind[-2]))
    return (*own[:-1], outputs) if own not in (ANY, SCALAR) else (..., outputs)


@modules(*_SAME)
def _same(run: Interpreter, module: Instance, args: Args) -> Value:
    given = _input(args)
    kind = kind_of(module).rpartition(".")[2]
    if kind == "Flatten" and isinstance(given, Unknown):
        dim = run.heap.get(module.slots, ("arg", 0)) or Const(1)
        return FUNCTIONS["flatten"](Op(run, "flatten", Args(args.node, [given, dim])))
    if not isinstance(given, Tensor):
        return given
    if kind == "Flatten":
        first = run.heap.get(module.slots, ("arg", 0)) or Const(1)
        start = whole(run.heap.get(module.slots, ("opt", "start_dim")) or first)
        return given.but(sizes=ANY if start is None else flattened(given.sizes, start))
    if "Dropout" in kind:
        given = dropped(given)
    if "Pool" in kind and given.act is Act.RELU:
        given = given.but(act=Act.UNKNOWN)  # part of a published head, such as SqueezeNet's
    if "AvgPool" in kind and given.act in PROBABILITIES:
        given = given.but(act=Act.PROB)  # a mean of several, as `mean` gives it
    if kind in _SIZE_CHANGING:
        return given.but(sizes=ANY)
    return activations.normalised(given) if "Norm" in kind else given


def _function_module(function: str) -> Call:
    def call(run: Interpreter, module: Instance, args: Args) -> Value:
        handler = FUNCTIONS[function]
        op = Op(run, function, args, getattr(module.cls, "guessed", False), module)
        made = resized(op, handler(op))
        return made.but(grad=False) if run.no_grad and isinstance(made, Tensor) else made

    return call


for _name, _function in _ACTIVATIONS.items():
    MODULES[_name] = _function_module(_function)


def _is_left_open(node: cst.CSTNode) -> bool:
    """Whether a module is built with what a caller wishes, who may leave it at the defaults."""
    return isinstance(node, cst.Call) and any(one.star == "**" for one in node.args)


@modules("Softmax", "LogSoftmax", "Softmax2d", "Softmin")
def _softmax(run: Interpreter, module: Instance, args: Args) -> Value:
    given = _input(args)
    tensor = given if isinstance(given, Tensor) else Tensor(deps=deps_of(given))
    dim = run.heap.get(module.slots, ("opt", "dim"))
    size = dim.value if isinstance(dim, Const) and isinstance(dim.value, int) else None
    log = "LogSoftmax" in kind_of(module)
    guessed = getattr(module.cls, "guessed", False)
    op = Op(run, "log_softmax" if log else "softmax", args, guessed, module)
    if log:
        made = activations.activated(op, Act.LOG_SOFTMAX, tensor, "log_softmax", dim=size)
    else:
        made = activations.softmaxed(op, tensor, size)
    if dim == NONE and module.built is not None and not _is_left_open(module.built.step.place.node):
        title = "nn.LogSoftmax" if log else "nn.Softmax"
        made = activations.implicit(op, tensor, made, module.built.step.place, title)
    return made.but(grad=made.grad and not run.no_grad, sizes=tensor.sizes)


@modules("Sequential")
def _sequential(run: Interpreter, module: Instance, args: Args) -> Value:
    items = run.heap.get(module.slots, ITEMS)
    if isinstance(items, Union):
        return each(items, lambda one: _through(run, module, one, args))
    return _through(run, module, items if items is not None else Tuple(()), args)


def _through(run: Interpreter, module: Instance, items: Value, args: Args) -> Value:
    """The input through all children in turn."""

    children: list[Value] = list(items.items) if isinstance(items, Tuple) else [UNKNOWN]
    rest, tail = run.heap.get(module.slots, REST), run.heap.get(module.slots, TAIL)
    if rest is not None:
        children.append(rest)
    if isinstance(tail, Tuple):
        children.extend(tail.items)
    current: Args = args
    value = _input(args)
    for child in children:
        value = run.call(child, current)
        if child is rest:
            value = _through_all(value)
        current = Args(args.node, [value])
    return value


def _through_all(value: Value) -> Value:
    """What children of unknown number give: whatever it is, it went through all of them."""
    tensors = [one.value for one in alternatives_of(value) if isinstance(one.value, Tensor)]
    deps: frozenset[Hashable] = frozenset()
    for tensor in tensors:
        deps = union_deps(deps, tensor.deps)
    grad = any(tensor.grad for tensor in tensors)
    chosen = any(one.when for one in alternatives_of(value))
    if len({tensor.act for tensor in tensors}) > 1 and not chosen:  # any of them may be the last
        return Tensor(deps=deps, grad=grad)
    return each(value, lambda one: one.but(deps=deps, grad=grad) if type(one) is Tensor else one)


@modules("ModuleList", "ModuleDict")
def _uncallable(run: Interpreter, module: Instance, args: Args) -> Value:
    return UNKNOWN


@modules(*_RECURRENT)
def _recurrent(run: Interpreter, module: Instance, args: Args) -> Value:
    deps: frozenset[Hashable] = frozenset({module.oid})
    for value in args.all():
        deps = union_deps(deps, live_deps(run, value))
    kind = kind_of(module).rpartition(".")[2]
    made = Tensor(deps=deps, grad=not run.no_grad, sizes=_states_sizes(kind, _input(args)))
    if kind in ("LSTM", "GRU", "RNN") and ("opt", "nonlinearity") not in module.slots:
        # the state of a recurrent layer is the output of a tanh, gated or mixed
        place = run.place(args.node)
        trail = extend_trail(None, place, f"{kind} gives its state here, the output of a tanh")
        made = made.but(act=Act.TANH, trail=trail)
        return Tuple((made, Tuple((made, Unknown(None, deps))) if kind == "LSTM" else made))
    return Tuple((made, Unknown(None, deps)))


def _states_sizes(kind: str, given: Value) -> Sizes:
    """Of the states of a recurrent layer: a sequence may come packed, without its dimensions."""
    batched = isinstance(given, Tensor) and rank(given.sizes) in (None, 3)
    return dims(3) if batched and kind != "LSTMCell" else ANY


@modules("Embedding", "EmbeddingBag", "LayerNorm", "GroupNorm", "InstanceNorm2d", "GRUCell",
         "RNNCell", "TransformerEncoder", "TransformerDecoder", "Transformer",
         "TransformerEncoderLayer", "TransformerDecoderLayer")  # fmt: skip
def _opaque(run: Interpreter, module: Instance, args: Args) -> Value:
    deps: frozenset[Hashable] = frozenset({module.oid})
    for value in args.all():
        deps = union_deps(deps, live_deps(run, value))
    kind, own = kind_of(module).rpartition(".")[2], sizes_of(_input(args))
    if kind == "Embedding":
        note_looked_up(run, args.node)
        own = (*own, whole(run.heap.get(module.slots, ("arg", 1))))
    elif kind == "EmbeddingBag":  # one row a bag, in whichever form the bags come
        own = (*dims(1), whole(run.heap.get(module.slots, ("arg", 1))))
    third = ("opt", "padding_idx"), ("arg", 2)
    padded = kind == "Embedding" and any(
        run.heap.get(module.slots, slot) is not None for slot in third
    )
    return Tensor(
        deps=deps,
        grad=not run.no_grad,
        sizes=own if kind in _SIZE_KEEPING else ANY,
        shape="" if padded else _short(run, module) or (FILLED if kind in _FILLING else ""),
        marks=frozenset({PADDED}) if padded else frozenset(),
    )


def _short(run: Interpreter, module: Instance) -> str:
    """The form of the rows of an embedding which keeps them at most one long."""
    slots = ("opt", "max_norm"), ("arg", 3)
    lengths = [number(run.heap.get(module.slots, slot) or UNKNOWN) for slot in slots]
    kept = kind_of(module).endswith("Embedding") and any(
        one is not None and one <= 1 for one in lengths
    )
    return "unit" if kept else ""


_SIZE_KEEPING = (
    "Embedding", "EmbeddingBag", "LayerNorm", "GroupNorm", "InstanceNorm2d", "TransformerEncoder",
    "TransformerEncoderLayer",
)  # fmt: skip


_FILLING = (
    "Embedding", "LayerNorm", "GroupNorm", "InstanceNorm2d", "TransformerEncoder",
    "TransformerDecoder", "TransformerEncoderLayer", "TransformerDecoderLayer",
)  # fmt: skip


@modules("CosineSimilarity", "PairwiseDistance")
def _distance(run: Interpreter, module: Instance, args: Args) -> Value:
    shape = "cosine" if kind_of(module).endswith("CosineSimilarity") else ""
    return blend(*args.all()).but(terms=(), shape=shape)


@modules(*_WRAPPERS)
def _wrapped(run: Interpreter, module: Instance, args: Args) -> Value:

    inner = run.heap.get(module.slots, ("arg", 0)) or run.heap.get(module.slots, ("opt", "module"))
    return run.call(inner, args) if inner is not None else UNKNOWN


@modules("Parameter")
def _parameter(run: Interpreter, module: Instance, args: Args) -> Value:
    return UNKNOWN
