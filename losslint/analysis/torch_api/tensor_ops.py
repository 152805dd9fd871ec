"""Functions of torch that shape, select, combine and compare tensors, and how they carry facts."""

from __future__ import annotations

from losslint.analysis import arithmetic
from losslint.analysis.arithmetic import as_dtype, blend, number
from losslint.analysis.containers import element, elements, picked
from losslint.analysis.events import Operation, OperationKind
from losslint.analysis.interpreter import REST
from losslint.analysis.joins import join
from losslint.analysis.torch_api.registry import Op, function
from losslint.analysis.trail import extend, steps_of
from losslint.analysis.values import (
    LOG_PROBABILITIES,
    PROBABILITIES,
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
    ZeroReason,
)

# -- shape and place: the elements stay what they are -----------------------------------------


@function(
    "view", "reshape", "flatten", "squeeze", "unsqueeze", "permute", "transpose", "t", "contiguous",
    "clone", "cuda", "cpu", "expand", "expand_as", "repeat", "movedim", "moveaxis", "swapaxes",
    "swapdims", "pin_memory", "requires_grad_", "unflatten", "flip", "roll", "repeat_interleave",
    "view_as", "reshape_as", "broadcast_to", "atleast_1d", "atleast_2d", "adjoint", "ravel",
    "resize", "resize_", "tile", "nan_to_num", "alias_copy", "pad", "retain_grad", "unfold",
    "dropout", "dropout2d", "alpha_dropout", "interpolate", "upsample", "squeeze_", "unsqueeze_",
    "avg_pool2d", "adaptive_avg_pool2d", "max_pool2d", "layer_norm", "batch_norm",
)  # fmt: skip
def _shape(op: Op) -> Value:
    value = op.given(0, "input", "self")
    if not isinstance(value, Tensor):
        return value if isinstance(value, Unknown) else op.tensor()
    if op.name in ("contiguous", "clone", "cuda", "cpu", "pin_memory", "requires_grad_", "dropout"):
        return value
    return value.but(last=None, dim=None)


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
    if given.mask is None:
        reason = ZeroReason(op.run.place(op.node), "mask", "no element may be selected")
        return given.but(mask=reason) if isinstance(op.given(0), Tensor) else given
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


@function("to", "type", "type_as")
def _to(op: Op) -> Value:
    value = op.given(0)
    if not isinstance(value, Tensor):
        return value if value is not None else UNKNOWN
    for wanted in op.args.all():
        kind = dtype_named(wanted)
        if kind is not DType.UNKNOWN:
            return as_dtype(value, kind)
    return value


# -- selection --------------------------------------------------------------------------------


@function(
    "gather", "index_select", "take", "take_along_dim", "masked_select", "narrow", "select",
    "diagonal", "diag", "tril", "triu", "index_put",
)  # fmt: skip
def _select(op: Op) -> Value:
    given = op.given(0, "input", "self")
    if isinstance(given, Tensor):
        return picked(given)
    return Tensor(deps=arithmetic.deps_of(given) if given is not None else frozenset())


@function("masked_fill", "masked_fill_", "index_fill", "fill_diagonal_")
def _masked_fill(op: Op) -> Value:
    given = op.tensor()
    value = number(op.arg(2, "value"))
    made = given.but(last=given.last, shape="")
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


@function("topk", "sort", "kthvalue", "mode")
def _ranked(op: Op) -> Value:
    given = op.tensor()
    return Tuple((picked(given), Tensor(dtype=DType.INT, grad=False, deps=given.deps)))


@function("argmax", "argmin", "argsort", "nonzero", "multinomial", "bucketize", "searchsorted")
def _indices(op: Op) -> Value:
    given = op.tensor()
    return Tensor(
        target=TargetKind.INDICES,
        dtype=DType.INT,
        grad=False,
        deps=given.deps,
        zero=given.mask,
        sign=Sign.NON_NEGATIVE,
    )


# -- out of the graph -------------------------------------------------------------------------


@function("detach", "detach_", "stop_gradient")
def _detach(op: Op) -> Value:
    value = op.given(0, "input", "self")
    if isinstance(value, Tensor):
        return value.but(grad=False, terms=(), operations=frozenset())
    return value if value is not None else UNKNOWN


@function("item", "numpy", "tolist", "round", "floor", "ceil", "sign", "trunc", "bernoulli")
def _cut(op: Op) -> Value:
    value = op.given(0, "input", "self")
    if isinstance(value, Tensor):
        return value.but(grad=False, terms=(), operations=frozenset(), trail=value.trail)
    return UNKNOWN


# -- reductions -------------------------------------------------------------------------------


_SUMMED = {
    "exp": "sumexp",
    "square": "sum-square",
    "ratio": "ratio",
    "neg-log-prob": "neg-log-prob",
    "product": "overlap",
}
"""What a sum over values of a special form is."""


@function("sum", "nansum", "count_nonzero", "cumsum")
def _sum(op: Op) -> Value:
    given = op.tensor()
    made = arithmetic.reduced(op.run, blend(given), op.node, "sum")
    made = made.but(terms=arithmetic.reduced_terms(made.terms, "sum"))
    if given.act in PROBABILITIES:
        whole = given.act is Act.SOFTMAX and not given.picked
        sign = Sign.POSITIVE if whole else Sign.NON_NEGATIVE
        shape = "overlap" if given.shape == "product" else "total"
        return made.but(act=Act.PROB, sign=sign, shape=shape)
    if given.act in LOG_PROBABILITIES:
        return made.but(act=Act.LOG_PROB, picked=given.picked, trail=given.trail)
    zero = given.zero or given.mask
    if given.sign is Sign.POSITIVE:
        zero = None
    if given.target is TargetKind.ONE_HOT and op.given(1, "dim", "axis") == Const(0):
        zero = ZeroReason(op.run.place(op.node), "mask", "a class may have no sample here")
    shape = _SUMMED.get(given.shape, "total")
    if not made.sums and len({term.family for term in made.terms}) > 1:
        made = made.but(sums=frozenset({op.run.place(op.node)}))  # a stack of losses
    return made.but(sign=given.sign, zero=zero, shape=shape, picked=given.picked)


@function("mean", "nanmean", "median", "prod")
def _mean(op: Op) -> Value:
    given = op.tensor()
    made = arithmetic.reduced(op.run, blend(given), op.node, "mean")
    made = made.but(terms=arithmetic.reduced_terms(made.terms, "mean"))
    if given.act in PROBABILITIES:
        return made.but(act=Act.PROB, sign=Sign.NON_NEGATIVE, trail=given.trail)
    if given.act in LOG_PROBABILITIES:
        return made.but(act=Act.LOG_PROB, picked=given.picked, trail=given.trail)
    if given.act is Act.RAW:
        return made.but(act=Act.RAW, trail=given.trail)
    shape = given.shape if given.shape in ("ratio", "neg-log-prob") else ""
    if given.shape == "exp" and op.name == "mean":
        shape = "sumexp"
    return made.but(sign=given.sign, shape=shape, picked=given.picked, zero=given.zero)


@function("max", "min", "amax", "amin", "cummax", "cummin", "aminmax")
def _extreme(op: Op) -> Value:
    second = op.given(1, "other")
    if second is not None and not isinstance(second, Const):
        if isinstance(second, Tensor) or not isinstance(second, Unknown):
            return _larger(op)
    given = op.tensor()
    shape = "maximum" if op.name in ("max", "amax") else "minimum"
    value = picked(given).but(shape=given.shape if given.shape == "ratio" else shape)
    has_dim = second is not None or op.given(-1, "dim", "axis") is not None
    if has_dim and op.name in ("max", "min", "cummax", "cummin"):
        index = Tensor(target=TargetKind.INDICES, dtype=DType.INT, grad=False, deps=given.deps)
        return Tuple((value, index))
    return value


@function("maximum", "minimum", "fmax", "fmin")
def _larger(op: Op) -> Value:
    one, other = op.arg(0, "input"), op.arg(1, "other")
    made = blend(one, other)
    tensors = [value for value in (one, other) if isinstance(value, Tensor)]
    for value in tensors:
        if value.shape == "ratio":
            made = made.but(shape="ratio")
    acts = {value.act for value in tensors}
    if len(tensors) == 2 and len(acts) == 1:
        made = made.but(act=tensors[0].act, trail=tensors[0].trail)
    bound = number(other)
    created = isinstance(other, Tensor) and other.sign is Sign.POSITIVE
    if "max" in op.name and ((bound is not None and bound > 0) or created):
        made = made.but(sign=Sign.POSITIVE)
    return made


@function("logsumexp")
def _logsumexp(op: Op) -> Value:
    return blend(op.tensor()).but(shape="logsumexp")


@function("std", "var", "std_mean", "var_mean")
def _spread(op: Op) -> Value:
    given = op.tensor()
    kind = "standard deviation" if op.name.startswith("std") else "variance"
    reason = ZeroReason(
        op.run.place(op.node), "spread", f"the {kind} of equal values is zero, of a single one NaN"
    )
    made = blend(given).but(sign=Sign.NON_NEGATIVE, zero=reason)
    return Tuple((made, blend(given))) if op.name.endswith("_mean") else made


@function("norm", "vector_norm", "matrix_norm")
def _norm(op: Op) -> Value:
    given = op.tensor()
    # an affine layer hardly ever gives a zero vector, and data that is no part of the graph is as
    # its author made it
    safe = given.act is Act.RAW or given.sign is Sign.POSITIVE or not given.grad
    reason = ZeroReason(op.run.place(op.node), "norm", "the norm of a zero vector is zero")
    return blend(given).but(sign=Sign.NON_NEGATIVE, zero=None if safe else reason, shape="norm")


# -- elementwise ------------------------------------------------------------------------------


@function("add", "__add__")
def _add(op: Op) -> Value:
    return arithmetic.add(op.run, op.tensor(), op.arg(1, "other"), op.node)


@function("sub", "subtract")
def _sub(op: Op) -> Value:
    return arithmetic.subtract(op.run, op.tensor(), op.arg(1, "other"), op.node)


@function("mul", "multiply")
def _mul(op: Op) -> Value:
    return arithmetic.multiply(op.run, op.tensor(), op.arg(1, "other"), op.node)


@function("div", "divide", "true_divide")
def _div(op: Op) -> Value:
    return arithmetic.divide(op.run, op.tensor(), op.arg(1, "other"), op.node)


@function("pow")
def _pow(op: Op) -> Value:
    return arithmetic.power(op.run, op.tensor(), op.arg(1, "exponent"), op.node)


@function("square")
def _square(op: Op) -> Value:
    return arithmetic.power(op.run, op.tensor(), Const(2), op.node)


@function("sqrt")
def _sqrt(op: Op) -> Value:
    return arithmetic.root(op.run, op.tensor(), op.node)


@function("rsqrt", "reciprocal")
def _reciprocal(op: Op) -> Value:
    return arithmetic.divide(op.run, Const(1), op.tensor(), op.node)


@function("neg", "negative")
def _neg(op: Op) -> Value:
    return arithmetic.negate(op.tensor())


@function("abs", "absolute")
def _abs(op: Op) -> Value:
    given = op.tensor()
    return blend(given).but(sign=Sign.NON_NEGATIVE, zero=given.zero)


@function("exp", "exp_")
def _exp(op: Op) -> Value:
    given = op.tensor()
    made = blend(given).but(sign=Sign.POSITIVE)
    if given.act is Act.LOG_SOFTMAX:
        return made.but(
            act=Act.SOFTMAX,
            picked=given.picked,
            dim=given.dim,
            trail=given.trail,
            sign=Sign.NON_NEGATIVE,
        )
    if given.act in LOG_PROBABILITIES:
        return made.but(act=Act.PROB, picked=given.picked, trail=given.trail)
    if given.shape == "logratio":
        return made.but(shape="ratio")
    made = made.but(marks=made.marks | {"exp"})
    bounded = given.act in (Act.SIGMOID, Act.SOFTMAX, Act.TANH, Act.PROB)
    if bounded or given.shape in ("shifted", "cosine", "non-positive"):
        return made
    return made.but(shape="exp", trail=given.trail)


@function("cosh")
def _cosh(op: Op) -> Value:
    return blend(op.tensor()).but(sign=Sign.POSITIVE, shape="cosh")


@function("expm1", "log1p", "logit", "erf", "sin", "cos", "atan", "frac", "asin", "acos")
def _plain(op: Op) -> Value:
    return blend(op.tensor())


@function("log", "log2", "log10")
def _log(op: Op) -> Value:
    given = op.given(0, "input", "self")
    if not isinstance(given, Tensor):
        return blend(given) if given is not None else UNKNOWN
    made = blend(given)
    trail = extend(given.trail, op.run.place(op.node), f"{op.name} applied here")
    operation = Operation(
        OperationKind.LOG,
        op.run.place(op.node),
        op.name,
        given,
        None,
        steps_of(given.trail),
        op.run.loops > 0,
    )
    if given.act is not Act.UNKNOWN or given.zero is not None or given.shape in _LOG_SHAPES:
        made = arithmetic.with_operation(op.run, made, operation)
    if given.act is Act.SOFTMAX:
        return made.but(
            act=Act.LOG_SOFTMAX, picked=given.picked, dim=given.dim, trail=trail, last=given.last
        )
    if given.act in PROBABILITIES:
        return made.but(act=Act.LOG_PROB, picked=given.picked, trail=trail)
    return made


_LOG_SHAPES = frozenset({"sumexp", "1+exp", "cosh"})


@function("clamp", "clip", "clamp_min", "clamp_max")
def _clamp(op: Op) -> Value:
    given = op.tensor()
    low: Value | None = op.given(1, "min")
    if op.name == "clamp_max":
        low = None
    bound = number(low) if low is not None else None
    opened = op.args.open or (low is not None and not isinstance(low, Const))
    raised = (bound is not None and bound > 0) or opened
    made = given.but(
        sign=Sign.POSITIVE if raised else given.sign,
        zero=None if raised else given.zero,
        shape=given.shape if given.shape in ("ratio", "one-minus") else "",
    )
    if bound == 0 and given.sign is Sign.UNKNOWN:
        made = made.but(sign=Sign.NON_NEGATIVE)
    if given.act in (Act.RAW, Act.TANH, Act.RELU):
        return made.but(act=given.act if given.act is Act.RAW and bound is None else Act.UNKNOWN)
    return made


@function("where")
def _where(op: Op) -> Value:
    test = op.given(0, "condition")
    if len(op.args.positional) == 1:
        return Tuple((Tensor(dtype=DType.INT, grad=False),))
    one, other = op.arg(1, "input", "x"), op.arg(2, "other", "y")
    if test is not None:
        op.run.guard(test)
    tensors = [value for value in (one, other) if isinstance(value, Tensor)]
    if len(tensors) == 2 and tensors[0].act is tensors[1].act:
        return tensors[0].but(
            picked=True,
            operations=tensors[0].operations | tensors[1].operations,
            deps=tensors[0].deps | tensors[1].deps,
            zero=None,
        )
    return blend(one, other)


@function("lerp", "addcmul", "addcdiv")
def _mixed(op: Op) -> Value:
    return blend(*op.args.all())


# -- combining --------------------------------------------------------------------------------


@function("cat", "concat", "concatenate", "stack", "hstack", "vstack", "dstack", "column_stack")
def _cat(op: Op) -> Value:
    source = op.arg(0, "tensors")
    known = elements(op.run, source)
    parts = known if known is not None else [element(op.run, source, op.node)]
    whole = join(parts) if parts else UNKNOWN
    if isinstance(whole, Tensor):
        return whole.but(last=None, dim=None)
    made = blend(*parts)
    tensors = [part for part in parts if isinstance(part, Tensor)]
    if tensors and len(tensors) == len(parts):
        acts = {part.act for part in tensors}
        if len(acts) == 1:
            return made.but(act=tensors[0].act, picked=True)
        if acts <= PROBABILITIES:
            # `cat([1 - p, p])` is a row of probabilities
            return made.but(act=Act.PROB, sign=Sign.NON_NEGATIVE)
    return made


@function("full", "new_full", "fill_")
def _full(op: Op) -> Value:
    value = number(op.arg(1, "fill_value"))
    sign = Sign.POSITIVE if value is not None and value > 0 else Sign.UNKNOWN
    return Tensor(grad=False, sign=sign, shape="constant")


@function(
    "matmul", "mm", "bmm", "mv", "dot", "einsum", "tensordot", "inner", "outer", "addmm", "baddbmm"
)
def _matmul(op: Op) -> Value:
    made = blend(*op.args.all())
    for value in op.args.all():
        if isinstance(value, Tensor) and value.shape == "parameter":
            return made.but(act=Act.RAW, trail=None, terms=())
    tensors = [value for value in op.args.all() if isinstance(value, Tensor)]
    if tensors and all(value.shape == "unit" for value in tensors):
        return made.but(shape="cosine", terms=())
    if tensors and all(value.act is Act.SOFTMAX and not value.picked for value in tensors):
        return made.but(sign=Sign.POSITIVE, terms=())
    norms = [value.zero for value in tensors]
    if norms and all(zero is not None and zero.kind == "norm" for zero in norms):
        return made.but(zero=norms[0], sign=Sign.NON_NEGATIVE, terms=())
    return made.but(terms=())


@function(
    "linear", "conv1d", "conv2d", "conv3d", "conv_transpose2d", "conv_transpose1d", "bilinear"
)
def _affine(op: Op) -> Value:
    weight = op.given(1, "weight", "input2")
    made = blend(op.tensor()).but(terms=(), trail=None)
    if isinstance(weight, Tensor) and weight.shape != "parameter" and not weight.grad:
        return made  # a fixed filter, not a layer
    return made.but(act=Act.RAW)


@function("normalize")
def _normalize(op: Op) -> Value:
    return blend(op.tensor()).but(trail=None, terms=(), shape="unit")


@function("cosine_similarity")
def _cosine(op: Op) -> Value:
    return blend(*op.args.all()).but(trail=None, terms=(), shape="cosine")


@function("pairwise_distance", "cdist")
def _distance(op: Op) -> Value:
    return blend(*op.args.all()).but(trail=None, terms=(), sign=Sign.NON_NEGATIVE)


@function("embedding")
def _embedding(op: Op) -> Value:
    return blend(*op.args.all()).but(trail=None, terms=())


# -- comparing --------------------------------------------------------------------------------


@function("eq", "ne", "gt", "lt", "ge", "le", "isnan", "isinf", "isfinite", "logical_and",
          "logical_or", "logical_not", "isin")  # fmt: skip
def _compared(op: Op) -> Value:
    given = op.tensor()
    inner = given.zero or given.mask
    reason: ZeroReason | None = inner
    if inner is None and op.name not in ("ne", "isfinite", "logical_not"):
        reason = ZeroReason(op.run.place(op.node), "mask", "no element may be selected")
    return Tensor(
        mask=reason,
        zero=given.zero,
        sign=Sign.NON_NEGATIVE,
        dtype=DType.BOOL,
        grad=False,
        deps=given.deps,
    )


@function("any", "all", "equal", "allclose", "numel", "nelement", "is_nonzero")
def _tested(op: Op) -> Value:
    given = op.tensor()
    return Tensor(zero=given.zero or given.mask, grad=False, sign=Sign.NON_NEGATIVE)


@function("size", "dim", "element_size", "get_device", "stride", "storage")
def _measured(op: Op) -> Value:
    return Unknown()


# -- creation ---------------------------------------------------------------------------------


@function("zeros", "empty", "zeros_like", "empty_like", "new_zeros", "new_empty", "full_like")
def _blank(op: Op) -> Value:
    kind = dtype_named(op.given(-1, "dtype"))
    return Tensor(grad=False, shape="blank", sign=Sign.NON_NEGATIVE, dtype=kind)


@function("ones", "ones_like", "new_ones")
def _ones(op: Op) -> Value:
    return Tensor(grad=False, sign=Sign.POSITIVE, shape="constant")


@function("arange")
def _arange(op: Op) -> Value:
    return Tensor(grad=False, shape="arange", dtype=DType.INT)


@function("rand", "randn", "rand_like", "randn_like", "normal", "linspace", "empty_strided")
def _values(op: Op) -> Value:
    return Tensor(grad=False)


@function("randint", "randint_like", "randperm")
def _integers(op: Op) -> Value:
    return Tensor(grad=False, dtype=DType.INT, target=TargetKind.INDICES)


@function("tensor", "as_tensor", "from_numpy", "new_tensor", "FloatTensor", "Tensor", "asarray",
          "LongTensor", "DoubleTensor")  # fmt: skip
def _made(op: Op) -> Value:
    given = op.given(0, "data")
    kind = dtype_named(op.given(-1, "dtype"))
    if op.name in ("FloatTensor", "Tensor", "LongTensor"):
        kind = DType.INT if op.name == "LongTensor" else DType.FLOAT
    if given is None or (op.name.endswith("Tensor") and len(op.args.positional) > 1):
        return Tensor(grad=False, shape="blank", dtype=kind)
    if isinstance(given, Tensor):
        return given.but(
            grad=False,
            terms=(),
            operations=frozenset(),
            dtype=kind if kind is not DType.UNKNOWN else given.dtype,
        )
    sign = Sign.UNKNOWN
    items = elements(op.run, given)
    numbers = [number(item) for item in items] if items is not None else [number(given)]
    if numbers and all(item is not None and item > 0 for item in numbers):
        sign = Sign.POSITIVE
    return Tensor(grad=False, dtype=kind, sign=sign, deps=arithmetic.deps_of(given))


@function("eye")
def _eye(op: Op) -> Value:
    return Tensor(grad=False, shape="identity", sign=Sign.NON_NEGATIVE, dtype=DType.FLOAT)


@function("scatter", "scatter_", "scatter_add", "scatter_add_")
def _scatter(op: Op) -> Value:
    given = op.tensor()
    value = number(op.arg(3, "value", "src"))
    if given.shape == "blank" and (value == 1 or isinstance(op.given(3, "value", "src"), Tensor)):
        if value == 1:
            trail = extend(None, op.run.place(op.node), "one-hot rows made here")
            return given.but(
                target=TargetKind.ONE_HOT,
                shape="",
                dtype=given.dtype if given.dtype is DType.INT else DType.FLOAT,
                trail=trail,
            )
    return blend(given)
