"""Functions of torch that compare tensors, measure them, or make new ones."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from losslint.analysis.domain.conditions import NUMBER, is_option
from losslint.analysis.domain.containers import element, elements
from losslint.analysis.domain.numbers import LARGE, number
from losslint.analysis.domain.sizes import at
from losslint.analysis.domain.trail import ONE_HOT_MADE, Place, extend
from losslint.analysis.domain.values import (
    PROBABILITIES,
    TRUE,
    Act,
    Const,
    DType,
    Scale,
    Sign,
    TargetKind,
    Tensor,
    Tuple,
    Unknown,
    Value,
    ZeroReason,
    alternatives_of,
)
from losslint.analysis.objective.shares import UNIFORM
from losslint.analysis.python.relations import compare
from losslint.analysis.reading.comparing import SIGNS
from losslint.analysis.reading.spelling import dotted
from losslint.analysis.tensors import blending, forms, operations
from losslint.analysis.tensors.blending import blend
from losslint.analysis.tensors.comparisons import others_than, tested_by_both
from losslint.analysis.torch_api.registry import Op, extern, function
from losslint.analysis.torch_api.shaping import dtype_named
from losslint.analysis.torch_api.sizing import (
    as_tuple,
    data_of,
    is_of_sizes,
    shape_of,
    sizes_of,
    whole,
)
from losslint.analysis.training.gradient_flow import (
    COPIES,
    as_leaf,
    copied,
    cut,
    has_cut,
    lasting,
    require_gradient,
)


@function(*SIGNS)
def _compared(op: Op) -> Value:
    sides = op.arg(0, "input"), op.arg(1, "other")
    return compare(op.run, SIGNS[op.name.removesuffix("_")](), *sides, op.node)


@function("logical_and", "logical_or")
def _combined(op: Op) -> Value:
    one, other = op.tensor(), op.tensor(1, "other")
    reason = one.mask or other.mask
    if op.name == "logical_or":
        both = one.mask is not None and other.mask is not None
        reason = reason if both else None
    made = blend(one, other)
    made = made.but(mask=reason, sign=Sign.NON_NEGATIVE, dtype=DType.BOOL, grad=False)
    if op.name == "logical_or":
        made = made.but(zero=tested_by_both(one, other))
    return cut(op.run, blend(one, other), made, op.name, op.node)


@function("isnan", "isinf", "isfinite", "logical_not", "isin")
def _told_apart(op: Op) -> Value:
    given = op.tensor()
    if op.name == "logical_not" and given.shape == forms.PAIRS:
        return others_than(op.run, given, op.node)
    if op.name in ("isnan", "isinf", "isfinite"):
        op.run.seen.guard_means(given)
    reason = inner = given.mask or given.zero
    if op.name not in _FOR_FEW:
        text = "no element may be selected"
        reason = ZeroReason(op.run.place(op.node), "mask", text, behind=inner)
    made = Tensor(
        mask=reason,
        zero=given.zero,
        sign=Sign.NON_NEGATIVE,
        dtype=DType.BOOL,
        grad=False,
        deps=given.deps,
    )
    return cut(op.run, given, made, op.name, op.node)


_FOR_FEW = frozenset({"isnan", "isfinite", "logical_not"})
"""Tests for what is not a number, and for its opposite: what remains is hardly ever nothing."""


@function("numel", "nelement")
def _counted(op: Op) -> Value:
    # of a mask these are all elements, of positions or of a selection those that were found
    found = operations.none_found(op.tensor())
    return Tensor(zero=found, grad=False, sign=Sign.NON_NEGATIVE)


@function("any", "all", "equal", "allclose", "is_nonzero")
def _tested(op: Op) -> Value:
    given = op.tensor()
    if op.name in ("equal", "allclose") and _has_zeros(op) and isinstance(op.node, cst.Call):
        names = {one.value.value for one in op.node.args if isinstance(one.value, cst.Name)}
        op.run.seen.compared.update((op.run.frame.function, name) for name in names)
    return Tensor(zero=given.mask or given.zero, grad=False, sign=Sign.NON_NEGATIVE)


def _has_zeros(op: Op) -> bool:
    return any(isinstance(one, Tensor) and one.shape == "blank" for one in op.args.all())


@function("dim", "element_size", "get_device", "stride", "storage")
def _measured(op: Op) -> Value:
    return Unknown()


@function("size")
def _size(op: Op) -> Value:
    value = op.given(0, "input", "self")
    given, dim = sizes_of(value), op.given(1, "dim")
    if dim is None:
        return shape_of(value, op.node) if isinstance(value, Tensor) else as_tuple(given, op.node)
    found = operations.none_found(value) if isinstance(value, Tensor) else None
    if found is not None and dim == Const(0):
        return Tensor(zero=found, grad=False, sign=Sign.NON_NEGATIVE)
    size = at(given, whole(dim))
    return Unknown((NUMBER, "size", id(op.node)), grad=False) if size is None else Const(size)


@function("zeros", "empty", "zeros_like", "empty_like", "new_zeros", "new_empty", "full_like")
def _blank(op: Op) -> Value:
    kind = dtype_named(op.given(-1, "dtype"))
    sign = Sign.NON_NEGATIVE
    filled = number(op.arg(1, "fill_value")) if op.name == "full_like" else 0
    if filled is None or filled != 0:
        sign = Sign.POSITIVE if filled is not None and filled > 0 else Sign.UNKNOWN
    return _leaf(op, Tensor(grad=False, shape="blank", sign=sign, dtype=kind))


def _is_leaf(op: Op) -> bool:
    """Whether a new tensor is told to collect a gradient."""
    return op.given(-1, "requires_grad") == TRUE


def _leaf(op: Op, made: Tensor) -> Value:
    """A new tensor, of which a gradient can be wanted for itself."""
    return as_leaf(made, op.node) if _is_leaf(op) else made


@function("ones", "ones_like", "new_ones")
def _ones(op: Op) -> Value:
    kind = dtype_named(op.given(-1, "dtype"))
    return _leaf(op, Tensor(grad=False, sign=Sign.POSITIVE, shape="constant", dtype=kind))


@extern("numpy.unique")
@function("unique", "unique_consecutive")
def _unique(op: Op) -> Value:
    made = Tensor(grad=False, shape=forms.MEMBERS, deps=op.tensor().deps)
    more = [name for name in ("return_inverse", "return_counts") if op.given(-1, name) == TRUE]
    rest = Tensor(grad=False, dtype=DType.INT, sign=Sign.NON_NEGATIVE)
    return Tuple((made, *(rest for _ in more))) if more else made


@function("arange")
def _arange(op: Op) -> Value:
    kind = dtype_named(op.given(-1, "dtype"))
    counted = all(isinstance(one, Const) and type(one.value) is int for one in op.args.positional)
    if kind is DType.UNKNOWN and counted:
        kind = DType.INT
    return Tensor(grad=False, shape="arange", dtype=kind)


@function("rand", "randn", "rand_like", "randn_like", "normal")
def _random(op: Op) -> Value:
    shape = UNIFORM if op.name in ("rand", "rand_like") else "random"
    marks = frozenset({forms.NOISE})
    if any(one.repeats for one in op.run.looping):
        marks |= {forms.ANEW}
    return _leaf(op, Tensor(grad=False, shape=shape, marks=marks))


@function("linspace", "empty_strided")
def _values(op: Op) -> Value:
    return _leaf(op, Tensor(grad=False))


@function("randint", "randint_like", "randperm")
def _integers(op: Op) -> Value:
    asked = op.given(-1, "dtype")
    kind = DType.INT if asked is None else dtype_named(asked)
    low = number(op.args.positional[0]) if op.args.positional else None
    sign = Sign.NON_NEGATIVE if low is not None and low >= 0 else Sign.UNKNOWN
    bounds = [number(one) for one in op.args.positional[:2]]
    scale = _scale_of(op, [one for one in bounds if one is not None])
    return Tensor(grad=False, dtype=kind, target=TargetKind.INDICES, sign=sign, scale=scale)


@function("tensor", "as_tensor", "from_numpy", "new_tensor", "FloatTensor", "Tensor", "asarray",
          "LongTensor", "DoubleTensor")  # fmt: skip
def _made(op: Op) -> Value:
    given = data_of(op)
    kind = dtype_named(op.given(-1, "dtype"))
    if op.name in ("FloatTensor", "Tensor", "LongTensor"):
        kind = DType.INT if op.name == "LongTensor" else DType.FLOAT
    if given is None or is_of_sizes(op):
        return Tensor(grad=False, shape="blank", dtype=kind)
    if isinstance(given, Tensor):
        made = given.but(dtype=kind if kind is not DType.UNKNOWN else given.dtype)
        copies = op.name in ("tensor", "new_tensor")
        if copies and _is_leaf(op) and given.grad and given.terms and isinstance(op.node, cst.Call):
            title = dotted(op.node.args[0].value)
            return require_gradient(op.run, op.node, made, title, copied=dotted(op.node.func))
        if not copies and given.grad and any(isinstance(one, int) for one in given.deps):
            return made  # an array of numpy's would depend on no layer
        made = made.but(grad=_is_leaf(op), terms=(), operations=lasting(given.operations))
        return cut(op.run, given, made, op.name, op.node) if copies and not made.grad else made
    sign = Sign.UNKNOWN
    items = elements(op.run, given)
    numbers = [number(item) for item in items] if items is not None else [number(given)]
    if numbers and all(item is not None and item > 0 for item in numbers):
        sign = Sign.POSITIVE
    elif numbers and all(item is not None and item >= 0 for item in numbers):
        sign = Sign.NON_NEGATIVE
    if kind is DType.UNKNOWN and op.given(-1, "dtype") is None:
        kind = _kind_of_items(items if items is not None else [given])
    rows = [one for item in items or [given] for one in elements(op.run, item) or [item]]
    known = [number(one) for one in rows]
    scale = _scale_of(op, [one for one in known if one is not None])
    deps = blending.deps_of(given)
    chosen = items is None and is_option(given) and abs(number(given) or 0) <= _SMALL
    shape = forms.SETTING if chosen else ""
    made = Tensor(grad=False, dtype=kind, sign=sign, scale=scale, deps=deps, shape=shape)
    if isinstance(given, Unknown) and isinstance(given.key, tuple):
        if given.key[0] == forms.ONE_HOT_ARRAY and isinstance(given.key[1], Place):
            return made.but(
                target=TargetKind.ONE_HOT, trail=extend(None, given.key[1], ONE_HOT_MADE)
            )
        if given.key[0] == forms.FLAG_ARRAY:
            return made.but(sign=Sign.NON_NEGATIVE, shape=forms.WRITTEN)
    made = _packed(op, rows if items is not None else [element(op.run, given, None)], made)
    return _leaf(op, made) if isinstance(given, Unknown) else made


_SMALL = 64
"""The largest number that a cosine is multiplied by before an exponential is taken."""


def _packed(op: Op, items: Sequence[Value], made: Tensor) -> Tensor:
    """A new tensor of the numbers in others, through which no gradient goes back to those."""
    known = [one.value for item in items for one in alternatives_of(item)]
    computed = [one for one in known if isinstance(one, Tensor) and one.grad and one.deps]
    if computed:
        return cut(op.run, blend(*computed), made, op.name, op.node)
    if known and all(has_cut(one) for one in known):
        before = blend(*known)
        return made.but(deps=before.deps, operations=before.operations)
    if op.name in COPIES:
        return copied(op.run, known, made, op.name, op.node)
    return made


def _scale_of(op: Op, numbers: Sequence[float]) -> Scale | None:
    """The scale that constants give the data that is made of them."""
    size = max(map(abs, numbers), default=0.0)
    return Scale(size, op.run.place(op.node)) if size >= LARGE else None


def _kind_of_items(items: Sequence[Value]) -> DType:
    """The kind of elements that Python numbers become."""
    kinds = {type(one.value) if isinstance(one, Const) else object for one in items}
    if kinds == {bool}:
        return DType.BOOL
    if kinds == {int}:
        return DType.INT
    return DType.FLOAT if kinds and kinds <= {int, float} else DType.UNKNOWN


@function("eye")
def _eye(op: Op) -> Value:
    return Tensor(grad=False, shape="identity", sign=Sign.NON_NEGATIVE, dtype=DType.FLOAT)


@function("scatter", "scatter_", "scatter_add", "scatter_add_")
def _scatter(op: Op) -> Value:
    given = op.tensor()
    value = number(op.arg(3, "value", "src"))
    if given.shape == "blank" and (value == 1 or isinstance(op.given(3, "value", "src"), Tensor)):
        if value == 1:
            trail = extend(None, op.run.place(op.node), ONE_HOT_MADE)
            return given.but(
                target=TargetKind.ONE_HOT,
                shape="",
                dtype=given.dtype if given.dtype is DType.INT else DType.FLOAT,
                trail=trail,
            )
    source = op.given(3, "value", "src")
    written = [source] if isinstance(source, Tensor) else []
    made = operations.whole(blend(given, *written))
    if given.act in PROBABILITIES and op.name.startswith("scatter_add"):
        # what is added to some of them has to be such shares too
        return made.but(act=Act.PROB, sign=given.sign, trail=given.trail)
    return made
