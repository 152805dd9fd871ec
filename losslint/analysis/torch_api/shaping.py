"""Functions of torch that move, cast, select or cut off elements; the rest of a fact stays."""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from losslint.analysis.domain.conditions import mentions
from losslint.analysis.domain.containers import ARGMAX, at_maximum, elements, picked
from losslint.analysis.domain.heap import REST
from losslint.analysis.domain.numbers import number
from losslint.analysis.domain.sizes import ANY, rank
from losslint.analysis.domain.values import (
    FALSE,
    PROBABILITIES,
    TRUE,
    UNKNOWN,
    Act,
    Const,
    DType,
    Extern,
    Sign,
    TargetKind,
    Tensor,
    Tuple,
    Unknown,
    Value,
)
from losslint.analysis.events import OperationKind
from losslint.analysis.objective.watched import read_as_number, read_as_tensor, read_out
from losslint.analysis.reading.spelling import dotted, receiver
from losslint.analysis.tensors import blending, operations
from losslint.analysis.tensors.blending import as_dtype, blend
from losslint.analysis.tensors.cut_offs import dropped
from losslint.analysis.tensors.forms import (
    FIXED,
    FOLDED,
    NEVER_EMPTY,
    POSITIONS,
    RANKED,
    ROWS,
    SOME,
)
from losslint.analysis.tensors.indexing import indexed
from losslint.analysis.torch_api.activations import normalised
from losslint.analysis.torch_api.registry import Op, function
from losslint.analysis.torch_api.rows import note_rows
from losslint.analysis.training.gradient_flow import as_number, cut, frozen, require_gradient
from losslint.analysis.training.handling import FROZEN, note_handling
from losslint.analysis.training.strays import moved


@function(
    "view", "reshape", "flatten", "squeeze", "unsqueeze", "permute", "transpose", "t", "contiguous",
    "clone", "cuda", "cpu", "expand", "expand_as", "repeat", "movedim", "moveaxis", "swapaxes",
    "swapdims", "pin_memory", "unflatten", "flip", "roll", "repeat_interleave",
    "view_as", "reshape_as", "broadcast_to", "atleast_1d", "atleast_2d", "adjoint", "ravel",
    "resize", "resize_", "tile", "nan_to_num", "alias_copy", "pad", "retain_grad", "unfold",
    "dropout", "dropout2d", "alpha_dropout", "interpolate", "upsample", "squeeze_", "unsqueeze_",
    "avg_pool2d", "adaptive_avg_pool2d", "max_pool2d", "layer_norm", "batch_norm", "renorm",
)  # fmt: skip
def _shape(op: Op) -> Value:
    value = op.given(0, "input", "self")
    if isinstance(value, Unknown) and value.key is None:
        made = replace(value, key=("made", id(op.node)))
        return made if note_rows(op, made.key) else value
    if not isinstance(value, Tensor):
        return value if isinstance(value, Unknown) else op.tensor()
    if op.name == "nan_to_num":
        means = (one.place for one in value.operations if one.kind is OperationKind.MEAN)
        op.run.seen.repaired.update(means)
        value = operations.without(value, OperationKind.MEAN)
    if op.name in ("view", "reshape") and _is_of_known_size(op):
        value = operations.whole(value)
    if op.name in ("view", "reshape") and _is_folded(op, value):
        value = value.but(marks=value.marks | {FOLDED})
    if "dropout" in op.name:
        value = dropped(value)
    if op.name == "cuda":
        value = moved(op, value)
    if op.name in ("contiguous", "clone", "cuda", "cpu", "pin_memory", "dropout"):
        read_as_tensor(op.run, value)
        return value
    if op.name.endswith("_norm"):
        return normalised(value)
    if op.name.endswith("pool2d") and value.act is Act.RELU:
        return value.but(act=Act.UNKNOWN, dim=None)
    if ROWS in value.marks:
        value = value.but(marks=value.marks - {ROWS})
    return value.but(dim=None)


def _is_of_known_size(op: Op) -> bool:
    """Whether a tensor gets a first dimension that does not go by the number of its elements."""
    given = op.args.positional[1:]
    sizes = elements(op.run, given[0]) if len(given) == 1 else given
    return sizes is not None and len(sizes) > 1 and sizes[0] != Const(-1)


def _is_folded(op: Op, value: Tensor) -> bool:
    """Whether the dimensions of pixels or tokens become one with that of the samples."""
    given = op.args.positional[1:]
    sizes = elements(op.run, given[0]) if len(given) == 1 else given
    many = (rank(value.sizes) or 0) > 2
    return many and sizes is not None and len(sizes) == 2 and sizes[0] == Const(-1)


@function("requires_grad_")
def _requires_grad(op: Op) -> Value:
    value, wanted = op.arg(0), op.given(1, "requires_grad")
    if wanted == FALSE and isinstance(value, Tensor):
        note_handling(op.run, value.owner, FROZEN)
        return _frozen(op, value)
    if wanted == FALSE or (wanted is not None and not isinstance(wanted, Const)):
        return value
    return require_gradient(op.run, op.node, value, receiver(op.node, ""))


def _frozen(op: Op, value: Tensor) -> Tensor:
    """A tensor that is told to require no gradient, as its variable holds it from here on."""
    made = frozen(value)
    method = op.node.func if isinstance(op.node, cst.Call) else None
    named = method.value if isinstance(method, cst.Attribute) else None
    if made is not value and isinstance(named, cst.Name | cst.Attribute):
        op.run.assign(named, made)
    return made


@function("float", "double", "half", "bfloat16")
def _as_float(op: Op) -> Value:
    value = op.given(0)
    return as_dtype(value, DType.FLOAT) if isinstance(value, Tensor) else value or UNKNOWN


@function("long", "int", "short", "byte", "char")
def _as_int(op: Op) -> Value:
    return as_dtype(op.tensor(), DType.INT)


@function("bool")
def _as_bool(op: Op) -> Value:
    given = as_dtype(op.tensor(), DType.BOOL)
    if given.shape in FIXED or given.shape == "constant" or given.target is TargetKind.ONE_HOT:
        return given.but(shape=SOME)
    return given


_DTYPES = {
    "float": DType.FLOAT, "float32": DType.FLOAT, "float16": DType.FLOAT, "half": DType.FLOAT,
    "float64": DType.FLOAT, "double": DType.FLOAT, "bfloat16": DType.FLOAT, "long": DType.INT,
    "int": DType.INT, "int64": DType.INT, "int32": DType.INT, "uint8": DType.INT,
    "bool": DType.BOOL, "FloatTensor": DType.FLOAT, "LongTensor": DType.INT,
}  # fmt: skip


def dtype_named(value: Value | None) -> DType:
    """The kind of elements that a dtype argument asks for."""
    if isinstance(value, Extern) and value.name.startswith("torch."):
        return _DTYPES.get(value.name.rpartition(".")[2], DType.UNKNOWN)
    if isinstance(value, Const) and isinstance(value.value, str):
        return _DTYPES.get(value.value.rpartition(".")[2], DType.UNKNOWN)
    return DType.UNKNOWN


def is_of_dtype(value: Value, wanted: Value) -> bool | None:
    """Whether the dtype of a tensor is the one of torch that it is compared with, if known."""
    key = value.key if isinstance(value, Unknown) else None
    if not isinstance(key, tuple) or key[:1] != ("dtype",) or not isinstance(wanted, Extern):
        return None
    (_, kind, of_indices), asked = key, dtype_named(wanted)
    if DType.UNKNOWN in (kind, asked):
        return None
    if kind is asked and not of_indices:
        return None
    return kind is asked and wanted.name in ("torch.long", "torch.int64")


@function("to", "type", "type_as")
def _to(op: Op) -> Value:
    value = op.given(0)
    if not isinstance(value, Tensor):
        return value if value is not None else UNKNOWN
    value = moved(op, value)
    for wanted in op.args.all():
        kind = dtype_named(wanted)
        if kind is not DType.UNKNOWN:
            return as_dtype(value, kind)
    if value.dtype is not DType.UNKNOWN and _may_cast(op):
        return value.but(dtype=DType.UNKNOWN)
    return value


def _may_cast(op: Op) -> bool:
    """Whether a conversion may be one to another dtype, which is not known then."""
    others = [*op.args.positional[1:], *op.args.keywords.values()]
    given = op.node.args if isinstance(op.node, cst.Call) else ()
    return (
        op.name != "to"
        or any(isinstance(one, Tensor) for one in others)
        or any(isinstance(one, Unknown) and mentions(one.key, "dtype") for one in others)
        or any("dtype" in dotted(one.value).rpartition(".")[2] for one in given)
    )


@function(
    "gather", "index_select", "take", "take_along_dim", "masked_select", "narrow", "select",
    "diagonal", "diag", "tril", "triu", "index_put",
)  # fmt: skip
def _select(op: Op) -> Value:
    given = op.given(0, "input", "self")
    mask = op.given(1, "mask")
    if isinstance(given, Tensor):
        if op.name == "masked_select" and mask is not None:
            return indexed(op.run, given, mask, op.node)
        if op.name in ("tril", "triu") and given.shape == "constant":
            return given.but(shape=POSITIONS, sign=Sign.NON_NEGATIVE)
        if op.name == "diag" and given.shape == "constant" and given.sign is Sign.POSITIVE:
            return Tensor(grad=False, shape="identity", sign=Sign.NON_NEGATIVE, dtype=DType.FLOAT)
        return at_maximum(picked(given), op.args.all())
    return Tensor(deps=blending.deps_of(given) if given is not None else frozenset())


@function("fill_diagonal_")
def _diagonal_filled(op: Op) -> Value:
    given = op.tensor()
    if given.shape in ("constant", "blank", "identity"):
        return given.but(shape=SOME, sign=Sign.NON_NEGATIVE)
    if given.shape == SOME and given.mask is not None:
        return given  # of pairs, each of which is there several times, others are left
    return _masked_fill(op)


@function("masked_fill", "masked_fill_", "index_fill")
def _masked_fill(op: Op) -> Value:
    given = op.tensor()
    value = number(op.arg(2, "value"))
    raised = value is None or value < 0
    made = given.but(shape="", sign=Sign.UNKNOWN if raised else given.sign)
    if given.act in PROBABILITIES or given.zero is not None:
        # what is filled may be just the zeros: the author has thought of them
        guarded = value is None or value > 0
        return blend(given).but(
            act=given.act,
            picked=True,
            sign=Sign.POSITIVE if guarded else given.sign,
            trail=given.trail,
            target=given.target,
        )
    return made


@function("chunk", "split", "unbind", "tensor_split", "hsplit", "dsplit", "vsplit")
def _parts(op: Op) -> Value:
    part = picked(op.tensor())
    made = op.run.new_list()

    op.run.heap.set(made.slots, REST, part)
    return made


@function("meshgrid")
def _meshgrid(op: Op) -> Value:
    if op.args.open:
        return UNKNOWN
    axes = op.args.positional
    return Tuple(tuple(one.but(sizes=ANY) if isinstance(one, Tensor) else UNKNOWN for one in axes))


@function("topk", "sort", "kthvalue", "mode")
def _ranked(op: Op) -> Value:
    given = op.tensor()
    ranked = picked(given).but(marks=given.marks | {RANKED})
    return Tuple((ranked, Tensor(dtype=DType.INT, grad=False, deps=given.deps)))


@function("argmax", "argmin", "argsort", "nonzero", "multinomial", "bucketize", "searchsorted")
def _indices(op: Op) -> Value:
    given = op.tensor()
    if op.name == "argmax":
        read_out(op.run, given)
    made = positions(op, given)
    return Tuple((made,)) if op.given(1, "as_tuple") == TRUE else made


def positions(op: Op, given: Tensor) -> Tensor:
    """Positions in a tensor; of a mask those where it is True, which can be none."""
    made = Tensor(
        target=TargetKind.INDICES,
        dtype=DType.INT,
        shape=ARGMAX if op.name == "argmax" else "",
        grad=False,
        deps=given.deps,
        zero=None if given.shape in NEVER_EMPTY else given.mask,
        sign=Sign.NON_NEGATIVE,
    )
    return cut(op.run, given, made, op.name, op.node)


@function("detach", "detach_", "stop_gradient")
def _detach(op: Op) -> Value:
    value = op.given(0, "input", "self")
    if isinstance(value, Tensor):
        read_as_tensor(op.run, value)
        return cut(op.run, value, value.but(grad=False, terms=()), op.name, op.node)
    if isinstance(value, Unknown) and value.key is not None:
        return Unknown(("detach", value.key), value.deps, value.lost, value.why, grad=False)
    return value if value is not None else UNKNOWN


@function("item", "numpy", "tolist", "round", "floor", "ceil", "sign", "trunc", "bernoulli")
def _cut(op: Op) -> Value:
    value = op.given(0, "input", "self")
    if isinstance(value, Tensor):
        read_as_number(op.run, value)
        if op.name in ("item", "numpy", "tolist"):
            read_as_tensor(op.run, value)
        if op.name in ("numpy", "tolist"):
            read_out(op.run, value)
        made = value.but(grad=False, terms=())
        return cut(op.run, as_number(value), made, op.name, op.node)
    return UNKNOWN
