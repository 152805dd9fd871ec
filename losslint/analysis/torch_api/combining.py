"""Functions of torch that join tensors or multiply matrices, and affine layers as functions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from losslint.analysis.domain.containers import element, elements
from losslint.analysis.domain.joins import join
from losslint.analysis.domain.numbers import number
from losslint.analysis.domain.sizes import is_one
from losslint.analysis.domain.values import (
    NONE,
    PROBABILITIES,
    UNKNOWN,
    Act,
    Const,
    DType,
    Share,
    Sign,
    Tensor,
    Union,
    Unknown,
    Value,
    alternatives_of,
)
from losslint.analysis.events import Operation, OperationKind
from losslint.analysis.objective.picked_likelihoods import picked_by_rows
from losslint.analysis.objective.shares import share
from losslint.analysis.objective.watched import read_as_tensor
from losslint.analysis.tensors.blending import blend, operand
from losslint.analysis.tensors.comparisons import is_of_pairs
from losslint.analysis.tensors.cosines import NORMS
from losslint.analysis.tensors.forms import (
    BOTH_CLASSES,
    BOUNDED,
    GRAM,
    NEAR,
    SCALED_UNIT,
    both_classes,
)
from losslint.analysis.tensors.operations import whole
from losslint.analysis.tensors.sums import LIMITED
from losslint.analysis.torch_api.registry import Op, function
from losslint.analysis.torch_api.shaping import dtype_named
from losslint.analysis.torch_api.sizing import sizes_of


@function("cat", "concat", "concatenate", "stack", "hstack", "vstack", "dstack", "column_stack")
def _cat(op: Op) -> Value:
    source = op.arg(0, "tensors")
    known = elements(op.run, source)
    if known is not None:
        # what rows are collected in begins with none of them
        known = [one for one in known if 0 not in sizes_of(one)] or known
    parts = known if known is not None else [element(op.run, source, op.node)]
    for piece in (one.value for part in parts for one in alternatives_of(part)):
        if isinstance(piece, Tensor):
            read_as_tensor(op.run, piece)
    joined = join(parts) if parts else UNKNOWN
    pieces = [one.value for part in parts for one in alternatives_of(part)]
    tensors = [piece for piece in pieces if isinstance(piece, Tensor)]
    limited = bool(tensors) and all(piece.shape in LIMITED for piece in tensors)
    if isinstance(joined, Tensor):
        shape = BOUNDED if limited and joined.shape not in LIMITED else joined.shape
        return whole(joined).but(dim=None, rare=_share(op, parts), shape=shape)
    made = whole(blend(*(choice for part in parts for choice in _choices(part))))
    if tensors and len(tensors) == len(pieces):
        if limited:
            forms = {piece.shape for piece in tensors}
            made = made.but(shape=forms.pop() if len(forms) == 1 else BOUNDED)
        acts = {piece.act for piece in tensors}
        if len(acts) == 1:
            return made.but(act=tensors[0].act, picked=True)
        if not acts.isdisjoint(PROBABILITIES) and all(_is_share(piece) for piece in tensors):
            # `cat([1 - p, p])` is a row of probabilities
            shape = BOTH_CLASSES if both_classes(tensors) else ""
            return made.but(act=Act.PROB, sign=Sign.NON_NEGATIVE, shape=shape)
    return made


def _is_share(value: Tensor) -> bool:
    """Whether what a tensor holds are probabilities, zeros, or the zeros and ones of a mask."""
    if value.act in PROBABILITIES or _is_blank(value):
        return True
    return value.mask is not None and value.dtype is DType.FLOAT


def _is_blank(value: Tensor) -> bool:
    return value.shape == "blank" and value.sign is Sign.NON_NEGATIVE


def _choices(part: Value) -> Iterator[Value]:
    """A part, or each that it can be; which of several losses it is cannot be told."""
    if not isinstance(part, Union):
        yield part
        return
    for one in part.alternatives:
        yield one.value.but(terms=()) if isinstance(one.value, Tensor) else one.value


def _share(op: Op, parts: Sequence[Value]) -> Share | None:
    """The share of the rarest class in ``cat([zeros(900), ones(100)])``."""
    counts = [
        one.sizes[0]
        for one in parts
        if isinstance(one, Tensor) and one.shape in ("blank", "constant") and one.sizes
    ]
    known = [count for count in counts if isinstance(count, int)]
    return share(op.run, known, op.node) if len(known) == len(parts) else None


@function("full", "new_full", "fill_")
def _full(op: Op) -> Value:
    filling = op.arg(1, "fill_value")
    value = number(filling)
    kind, told = DType.UNKNOWN, op.given(-1, "dtype")
    if op.name == "full" and told is not None:
        kind = dtype_named(told)
    elif op.name == "full" and isinstance(filling, Const) and type(filling.value) is int:
        kind = DType.UNKNOWN if op.args.open else DType.INT  # it is what it is filled with
    if value == 0:
        return Tensor(grad=False, sign=Sign.NON_NEGATIVE, shape="blank", dtype=kind)
    sign = Sign.POSITIVE if value is not None and value > 0 else Sign.UNKNOWN
    return Tensor(grad=False, sign=sign, shape="constant", dtype=kind)


@function(
    "matmul", "mm", "bmm", "mv", "dot", "einsum", "tensordot", "inner", "outer", "addmm", "baddbmm"
)
def _matmul(op: Op) -> Value:
    made = whole(blend(*op.args.all()))
    for value in op.args.all():
        if isinstance(value, Tensor) and value.shape == "parameter":
            return made.but(act=Act.RAW, trail=None, terms=())
    if len(op.args.positional) == 2:
        made = picked_by_rows(made, *map(operand, op.args.positional))
    tensors = [value for value in op.args.all() if isinstance(value, Tensor)]
    if tensors and all(value.shape == "unit" for value in tensors):
        return made.but(shape="cosine", terms=())
    if tensors and all(value.shape in ("unit", SCALED_UNIT) for value in tensors):
        return made.but(shape=BOUNDED, terms=())
    if tensors and all(value.act is Act.SOFTMAX and not value.picked for value in tensors):
        made = made.but(sign=Sign.POSITIVE, terms=())
        column = next((one for one in tensors if one.sizes and is_one(one.sizes[-1])), None)
        # a matrix of shares times a column of probabilities gives probabilities
        return made if column is None else made.but(act=Act.PROB, trail=column.trail)
    if tensors and all(value.shape == "norm" for value in tensors):
        zero = next((value.zero for value in tensors if value.zero is not None), None)
        return made.but(zero=zero, sign=Sign.NON_NEGATIVE, terms=(), shape=NORMS)
    if len(tensors) > 1 and all(value.deps and _is_feature(value) for value in tensors):
        return made.but(terms=(), shape="similarity")
    return made.but(terms=(), shape=GRAM if is_of_pairs(op.node) else "")


def _is_feature(value: Tensor) -> bool:
    """Whether a tensor can be of any size, as the features of a layer are."""
    return value.sign is Sign.UNKNOWN and value.shape != "unit" and value.act in _UNBOUNDED


_UNBOUNDED = frozenset({Act.UNKNOWN, Act.RAW})


@function(
    "linear", "conv1d", "conv2d", "conv3d", "conv_transpose2d", "conv_transpose1d", "bilinear"
)
def _affine(op: Op) -> Value:
    weight = op.given(1, "weight", "input2")
    made = blend(op.tensor()).but(terms=(), trail=None)
    if isinstance(weight, Tensor) and weight.grad:
        whole = blend(op.tensor(), weight)
        made = made.but(deps=whole.deps, grad=True, operations=made.operations | _logs(op))
    if isinstance(weight, Tensor) and weight.shape != "parameter" and not weight.grad:
        return made  # a fixed filter, not a layer
    compared = op.tensor().shape == "unit" or isinstance(op.given(0, "input"), Unknown)
    bounded = compared and isinstance(weight, Tensor) and weight.shape == "unit"
    sign = _sign_of_sums(op)
    if sign is not Sign.UNKNOWN:
        return made.but(sign=sign)
    return made.but(act=Act.RAW, shape="cosine" if bounded else "")


def _sign_of_sums(op: Op) -> Sign:
    """The sign of sums of products, as variances are that go through a layer."""
    parts = (op.tensor(), op.given(1, "weight", "input2"))
    if not all(isinstance(one, Tensor) and one.sign is not Sign.UNKNOWN for one in parts):
        return Sign.UNKNOWN
    bias = op.given(2, "bias")
    if bias is None or bias == NONE:
        return Sign.NON_NEGATIVE
    return bias.sign if isinstance(bias, Tensor) else Sign.UNKNOWN


def _logs(op: Op) -> frozenset[Operation]:
    """The logarithms in a computed weight and bias, such as those of a Bayesian layer.

    Scales and norms of weights are not looked at: who computes a weight knows its size.
    """
    given = (op.given(1, "weight"), op.given(2, "bias"))
    return frozenset(
        one
        for value in given
        if isinstance(value, Tensor)
        for one in value.operations
        if one.kind is OperationKind.LOG
    )


@function("normalize")
def _normalize(op: Op) -> Value:
    return blend(op.tensor()).but(trail=None, terms=(), shape="unit")


@function("cosine_similarity")
def _cosine(op: Op) -> Value:
    return blend(*op.args.all()).but(trail=None, terms=(), shape="cosine")


@function("pairwise_distance", "cdist", "pdist")
def _distance(op: Op) -> Value:
    made = blend(*op.args.all()).but(trail=None, terms=(), sign=Sign.NON_NEGATIVE)
    points = [one for one in op.args.all() if isinstance(one, Tensor)]
    if points and all(one.shape == "unit" for one in points):
        return made.but(marks=made.marks | {NEAR})
    return made


@function("embedding")
def _embedding(op: Op) -> Value:
    return blend(*op.args.all()).but(trail=None, terms=())
