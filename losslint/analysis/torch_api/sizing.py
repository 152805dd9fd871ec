"""What functions of torch do to the sizes of their arguments."""

from __future__ import annotations

from collections.abc import Callable
from types import EllipsisType
from typing import TYPE_CHECKING, TypeAlias

import libcst as cst

from losslint.analysis.domain import sizes
from losslint.analysis.domain.conditions import NUMBER, WHOLE_SHAPE, is_number
from losslint.analysis.domain.containers import elements
from losslint.analysis.domain.sizes import ANY, INSERTED, ROWS, SCALAR, VECTOR, Sizes
from losslint.analysis.domain.values import NONE, TRUE, Const, Sign, Tensor, Tuple, Unknown, Value
from losslint.analysis.tensors.forms import FILLED_ROW, ROW_ARRAY
from losslint.analysis.tensors.operations import none_found

if TYPE_CHECKING:
    from losslint.analysis.torch_api.registry import Op

Resize: TypeAlias = "Callable[[Op], Sizes]"
SIZES: dict[str, Resize] = {}
"""By the short name of a function; what is not in here gives sizes that are not known."""


def resizes(*names: str) -> Callable[[Resize], Resize]:
    """Registers what functions do to sizes."""

    def register(resize: Resize) -> Resize:
        for name in names:
            SIZES[name] = resize
        return resize

    return register


def resized(op: Op, made: Value) -> Value:
    """The result of a function, with the sizes that the function gives."""
    if type(made) is Tensor:
        resize = SIZES.get(op.name) or SIZES.get(op.name.rstrip("_"))
        found = resize(op) if resize is not None else ANY
        return made if made.sizes == found else made.but(sizes=found)
    if type(made) is Tuple and op.name in _PAIRS:
        return Tuple(tuple(resized(op, item) for item in made.items))
    return made


_PAIRS = frozenset({"max", "min", "sort", "median", "mode", "cummax", "cummin"})


def sizes_of(value: Value | None) -> Sizes:
    """The sizes of an operand; Python numbers have none."""
    if isinstance(value, Tensor):
        return value.sizes
    return SCALAR if isinstance(value, Const) else ANY


def whole(value: Value | None) -> int | None:
    """A constant whole number."""
    if isinstance(value, Const) and type(value.value) is int:
        return value.value
    return None


def as_tuple(found: Sizes, node: cst.CSTNode) -> Value:
    """What ``tensor.shape`` is, read at a node."""
    if sizes.rank(found) is None:
        return Unknown((WHOLE_SHAPE, id(node)), grad=False)
    return Tuple(
        tuple(
            Const(abs(one))
            if isinstance(one, int) and one != ROWS
            else Unknown((NUMBER, "size", id(node), place), grad=False)
            for place, one in enumerate(found)
        )
    )


def shape_of(value: Tensor, node: cst.CSTNode) -> Value:
    """``tensor.shape``, read at a node.

    The first size of what was found is the number of that, which can be zero.
    """
    found = none_found(value)
    if found is None:
        return as_tuple(value.sizes, node)
    return Tensor(zero=found, grad=False, sign=Sign.NON_NEGATIVE, shape="sizes")


def own_sizes(op: Op) -> Sizes:
    """The sizes of what a function is called on."""
    return sizes_of(op.given(0, "input", "self"))


@resizes(
    "sigmoid", "expit", "hardsigmoid", "logsigmoid", "tanh", "hardtanh", "softsign", "relu",
    "relu6", "threshold", "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "mish", "rrelu",
    "hardswish", "softplus", "softmax", "softmin", "gumbel_softmax", "log_softmax", "square",
    "sqrt", "rsqrt", "reciprocal", "neg", "negative", "abs", "absolute", "exp", "cosh", "expm1",
    "log1p", "logit", "erf", "sin", "cos", "atan", "log", "log2", "log10", "clamp", "clip",
    "clamp_min", "clamp_max", "contiguous", "clone", "cuda", "cpu", "pin_memory",
    "requires_grad_", "retain_grad", "dropout", "alpha_dropout", "batch_norm", "layer_norm",
    "float", "double", "half", "bfloat16", "long", "int", "short", "byte", "char", "bool", "to",
    "type", "type_as", "detach", "numpy", "round", "floor", "ceil", "sign", "trunc", "bernoulli",
    "zero_", "fill_", "masked_fill", "index_fill", "cumsum", "zeros_like", "ones_like",
    "empty_like", "full_like", "rand_like", "randn_like", "randint_like", "nan_to_num", "astype",
    "normalize", "flip", "roll", "argsort", "tril", "triu", "sort", "cummax", "cummin", "isnan",
    "scatter", "scatter_", "scatter_add", "copy", "frac",
)  # fmt: skip
def _same(op: Op) -> Sizes:
    return own_sizes(op)


@resizes("add", "__add__", "sub", "subtract", "mul", "multiply", "div", "divide", "true_divide",
          "pow", "eq", "ne", "gt", "lt", "ge", "le", "maximum", "minimum", "fmax", "fmin",
          "logical_and", "logical_or")  # fmt: skip
def _both(op: Op) -> Sizes:
    return sizes.broadcast(own_sizes(op), sizes_of(op.given(1, "other", "exponent")))


@resizes("where")
def _where(op: Op) -> Sizes:
    if len(op.args.positional) == 1:
        return VECTOR
    chosen = sizes.broadcast(sizes_of(op.given(1, "input")), sizes_of(op.given(2, "other")))
    return sizes.broadcast(sizes_of(op.given(0, "condition")), chosen)


@resizes("sum", "nansum", "mean", "nanmean", "median", "prod", "std", "var", "logsumexp", "any",
          "all", "max", "min", "amax", "amin", "argmax", "argmin", "norm", "count_nonzero", "mode",
          "quantile")  # fmt: skip
def _reduced(op: Op) -> Sizes:
    index = 2 if op.name in ("norm", "quantile") else 1
    dim = op.given(index, "dim", "axis")
    if isinstance(dim, Tensor | Unknown) and op.name in ("max", "min"):
        return sizes.broadcast(own_sizes(op), sizes_of(dim))
    if dim is None or dim == NONE:
        return ANY if op.args.open else SCALAR
    keep = op.given(index + 1, "keepdim", "keepdims")
    if keep is not None and not isinstance(keep, Const):
        return ANY
    chosen = elements(op.run, dim)
    places = [whole(one) for one in ([dim] if chosen is None else chosen)]
    found = own_sizes(op)
    known = sizes.rank(found)
    for place in sorted(places, key=lambda one: (one or 0) % (known or 1), reverse=True):
        if place is None or (len(places) > 1 and known is None):
            return ANY
        spot = place % known if known else place
        if op.name in ("max", "amax") and found == (..., None) and spot == 1 and keep != TRUE:
            found = (..., ROWS)  # of actions as of classes there are several
        else:
            found = sizes.reduced(found, spot, keep == TRUE)
    return found


@resizes("item")
def _scalar(op: Op) -> Sizes:
    return SCALAR


@resizes("unsqueeze", "expand_dims")
def _unsqueezed(op: Op) -> Sizes:
    dim = whole(op.given(1, "dim", "axis"))
    return ANY if dim is None else sizes.inserted(own_sizes(op), dim)


@resizes("squeeze")
def _squeezed(op: Op) -> Sizes:
    dim = op.given(1, "dim", "axis")
    if dim is None:
        return sizes.squeezed(own_sizes(op), None)
    place = whole(dim)
    return ANY if place is None else sizes.squeezed(own_sizes(op), place)


@resizes("view", "reshape", "resize", "expand", "broadcast_to", "zeros", "ones", "empty", "rand",
          "randn", "new_zeros", "new_ones", "new_empty")  # fmt: skip
def _told(op: Op) -> Sizes:
    front = 0 if op.name in _CREATING and not op.name.startswith("new_") else 1
    given = op.given(-1, "size", "shape")
    told = [given] if given is not None else op.args.positional[front:]
    if op.args.open:
        return ANY
    if len(told) == 1:
        if isinstance(told[0], Tensor | Unknown) and op.name not in _CREATING:
            return sizes_of(told[0]) if isinstance(told[0], Tensor) else ANY
        listed = elements(op.run, told[0])
        if listed is not None:
            told = listed
        elif not is_number(told[0]):
            return ANY
    if len(told) > sizes.MAX_RANK or not (told or len(op.args.positional) > front):
        return ANY
    found: list[int | EllipsisType | None] = []
    for one in told:
        size = whole(one)
        if size is None and isinstance(one, Const):
            return ANY  # a dtype: view changes its meaning
        found.append(None if size is None or size < 0 else size)
    if op.name in _CREATING:
        return tuple(found) if found != [None] else (ROWS,) if is_number(told[0]) else ANY
    return tuple(INSERTED if size == 1 else size for size in found)


_CREATING = frozenset(
    {"zeros", "ones", "empty", "rand", "randn", "new_zeros", "new_ones", "new_empty"}
)


@resizes("repeat")
def _repeated(op: Op) -> Sizes:
    times = op.args.positional[1:]
    listed = elements(op.run, times[0]) if len(times) == 1 else None
    times = times if listed is None else list(listed)
    if op.args.open or not times or (len(times) == 1 and not isinstance(times[0], Const)):
        return ANY
    own, known = own_sizes(op), sizes.rank(own_sizes(op))
    if known is None:
        return (..., *(None,) * len(times))
    own = (*(1,) * (len(times) - known), *own)
    return tuple(_times(size, whole(by)) for size, by in zip(own, times, strict=False))


def _times(size: int | EllipsisType | None, times: int | None) -> int | None:
    """The size of a dimension that is repeated."""
    if not isinstance(size, int) or size == ROWS or times is None:
        return None
    return size if times == 1 else abs(size) * times


@resizes("full", "new_full")
def _filled(op: Op) -> Sizes:
    listed = elements(op.run, op.arg(0 if op.name == "full" else 1, "size"))
    return ANY if listed is None else tuple(whole(one) for one in listed)


@resizes("randint")
def _drawn(op: Op) -> Sizes:
    positional = [one for one in op.args.positional if whole(one) is None]
    listed = elements(op.run, op.given(-1, "size") or (positional[0] if positional else NONE))
    return ANY if listed is None else tuple(whole(one) for one in listed)


@resizes("arange", "randperm", "linspace", "logspace")
def _vector(op: Op) -> Sizes:
    # a vector of unknown length stands for anything but the batch
    index = {"randperm": 0, "linspace": 2, "logspace": 2}.get(op.name, -1)
    length = whole(op.given(index, "n", "steps"))
    return ANY if length is None else (length,)


@resizes("eye", "nonzero")
def _matrix(op: Op) -> Sizes:
    return (None, None)


@resizes("normal")
def _normal(op: Op) -> Sizes:
    given = op.given(2, "size")
    listed = elements(op.run, given) if given is not None else None
    return ANY if listed is None else tuple(whole(one) for one in listed)


@resizes("tensor", "as_tensor", "from_numpy", "new_tensor", "FloatTensor", "LongTensor", "Tensor",
          "DoubleTensor", "asarray", "array")  # fmt: skip
def _made(op: Op) -> Sizes:
    if is_of_sizes(op):
        return tuple(whole(one) for one in op.args.positional)
    return _of_data(op, data_of(op))


def is_of_sizes(op: Op) -> bool:
    """Whether a new tensor is told its sizes, not its elements: ``torch.FloatTensor(3)``."""
    given = op.args.positional
    if not op.name.endswith("Tensor"):
        return False
    return len(given) > 1 or (len(given) == 1 and whole(given[0]) is not None)


def data_of(op: Op) -> Value | None:
    """What a new tensor is made of: the first argument, which is behind the object of a method."""
    return op.given(1 if op.name == "new_tensor" else 0, "data")


def _of_data(op: Op, data: Value | None, depth: int = 0) -> Sizes:
    """The sizes of nested lists of numbers, or of a column of a table."""
    if isinstance(data, Tensor):
        return data.sizes
    if isinstance(data, Const):
        return SCALAR if isinstance(data.value, int | float) else ANY
    if isinstance(data, Unknown):
        return VECTOR if _is_column(data.key) or _is_row(data.key) else ANY
    listed = elements(op.run, data) if data is not None else None
    if not listed or depth >= sizes.MAX_RANK:
        return ANY
    inner = _of_data(op, listed[0], depth + 1)
    return ANY if inner is ANY else (len(listed), *inner)


def _is_row(key: object) -> bool:
    """Whether a symbol is an array of numpy's with a single axis."""
    return isinstance(key, tuple) and key[:1] in ((ROW_ARRAY,), (FILLED_ROW,))


def _is_column(key: object) -> bool:
    """Whether a symbol is ``table["column"].values``, which is a vector."""
    if not (isinstance(key, tuple) and len(key) == 3 and key[1:] == (".", "values")):
        return False
    inner = key[0]
    return (
        isinstance(inner, tuple)
        and len(inner) == 3
        and inner[1] == "[]"
        and isinstance(inner[2], Const)
        and isinstance(inner[2].value, str)
    )


@resizes("view_as", "reshape_as", "expand_as")
def _as_other(op: Op) -> Sizes:
    return sizes_of(op.given(1, "other"))


@resizes("flatten", "ravel")
def _flattened(op: Op) -> Sizes:
    first, last = op.given(1, "start_dim") or Const(0), op.given(2, "end_dim")
    start = whole(first)
    if start is None or (last is not None and last != Const(-1)):
        return ANY
    return sizes.flattened(own_sizes(op), start)


@resizes("transpose", "swapaxes", "swapdims")
def _transposed(op: Op) -> Sizes:
    one, other = whole(op.given(1, "dim0")), whole(op.given(2, "dim1"))
    return ANY if one is None or other is None else sizes.swapped(own_sizes(op), one, other)


@resizes("t", "adjoint")
def _turned(op: Op) -> Sizes:
    return sizes.swapped(own_sizes(op), 0, 1) if sizes.rank(own_sizes(op)) == 2 else ANY


@resizes("permute")
def _permuted(op: Op) -> Sizes:
    told = op.args.positional[1:]
    listed = elements(op.run, told[0]) if len(told) == 1 else told
    order = [whole(one) for one in listed or []]
    places = [one for one in order if one is not None]
    if not places or len(places) != len(order):
        return ANY
    return sizes.ordered(own_sizes(op), places)
