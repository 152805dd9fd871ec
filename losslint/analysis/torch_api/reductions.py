"""Functions of torch that make one number of many: sums, means, extremes, norms."""

from __future__ import annotations

import libcst as cst

from losslint.analysis.domain.conditions import is_weight
from losslint.analysis.domain.containers import ARGMAX, picked
from losslint.analysis.domain.marks import ADDED_UP
from losslint.analysis.domain.numbers import number
from losslint.analysis.domain.values import (
    LOG_PROBABILITIES,
    PROBABILITIES,
    Act,
    Const,
    DType,
    Sign,
    TargetKind,
    Tensor,
    Tuple,
    Unknown,
    Value,
    ZeroReason,
)
from losslint.analysis.objective import terms
from losslint.analysis.reading.spelling import dotted, is_dimension, is_whole_split
from losslint.analysis.tensors.blending import blend, deps_of
from losslint.analysis.tensors.cut_offs import let_through, passed
from losslint.analysis.tensors.forms import (
    BOUNDED,
    CHOOSING,
    COMPLEMENT,
    DENSITY,
    ENERGY,
    FEW_EXP,
    FILLED,
    GRAM,
    LOWER,
    NEAR,
    NEVER_EMPTY,
    NOISE,
    OTHERS,
    OWN_PRODUCT,
    OWN_PRODUCT_OF_SOFTMAX,
    PADDED,
    RUNNING_COUNT,
    RUNNING_EXP,
    RUNNING_SHARE,
    STABLE_EXP,
    STABLE_SUM,
    STRETCHED,
    UNION,
    UPPER,
)
from losslint.analysis.tensors.operations import mean_of_selection, whole
from losslint.analysis.tensors.sums import LIMITED
from losslint.analysis.torch_api.registry import Op, function
from losslint.analysis.training.averages import over_all

_SUMMED = {
    "exp": "sumexp",
    FEW_EXP: "sumexp",
    STABLE_EXP: STABLE_SUM,
    "square": "sum-square",
    "ratio": "ratio",
    "neg-log-prob": "neg-log-prob",
    "product": "overlap",
    UNION: "totals",
    OWN_PRODUCT: ENERGY,
    "unit-product": "cosine",
    COMPLEMENT: OTHERS,
    DENSITY: DENSITY,
}
"""What a sum over values of a special form is."""
_CHOSEN = {form: act for act, form in CHOOSING.items()}
_PRODUCTS = frozenset({"product", OWN_PRODUCT_OF_SOFTMAX, *_CHOSEN})
_AVERAGED = {
    "ratio": "ratio",
    "neg-log-prob": "neg-log-prob",
    "square": "mean-square",
    "sum-square": "mean-square",
    OWN_PRODUCT: "mean-square",
    DENSITY: DENSITY,
    "cosine": BOUNDED,
    BOUNDED: BOUNDED,
}
"""What a mean over values of a special form is."""


@function("sum", "nansum", "count_nonzero", "cumsum")
def _sum(op: Op) -> Value:
    given = op.tensor()
    summed = blend(given) if _leaves_rows(op) else whole(blend(given))
    made = terms.reduced(op.run, summed, op.node, "sum")
    made = made.but(terms=terms.reduced_terms(made.terms, "sum"))
    if given.shape in _CHOSEN and _is_over_columns(op):
        return made.but(act=_CHOSEN[given.shape], picked=True, trail=given.trail)
    if given.act in PROBABILITIES:
        rows = given.act is Act.SOFTMAX and not given.picked
        positive = rows or given.shape == OWN_PRODUCT_OF_SOFTMAX or given.sign is Sign.POSITIVE
        sign = Sign.POSITIVE if positive else Sign.NON_NEGATIVE
        shape = "overlap" if given.shape in _PRODUCTS else "total"
        if rows and op.name == "cumsum":
            shape = RUNNING_SHARE
        marks = made.marks | {ADDED_UP} if given.act is Act.SIGMOID else made.marks
        return made.but(act=Act.PROB, sign=sign, shape=shape, marks=marks)
    if given.act in LOG_PROBABILITIES:
        return made.but(act=Act.LOG_PROB, picked=given.picked, trail=given.trail)
    zero = given.mask or given.zero
    if given.sign is Sign.POSITIVE or given.shape in NEVER_EMPTY:
        zero = None
    if given.target is TargetKind.ONE_HOT and op.given(1, "dim", "axis") == Const(0):
        zero = ZeroReason(op.run.place(op.node), "mask", "a class may have no sample here")
    shape = _SUMMED.get(given.shape, "total")
    if op.name == "cumsum" and shape == "sumexp":
        shape = RUNNING_EXP
    elif op.name == "cumsum" and given.mask is not None:
        shape = RUNNING_COUNT
    if not made.sums and len({term.family for term in made.terms}) > 1:
        made = made.but(sums=frozenset({op.run.place(op.node)}))  # a stack of losses
    return made.but(sign=given.sign, zero=zero, shape=shape, picked=given.picked)


def _leaves_rows(op: Op) -> bool:
    """Whether a sum gives one number for each row, of which there are as many as before."""
    dim = op.given(1, "dim", "axis")
    return isinstance(dim, Const) and type(dim.value) is int and dim.value > 0


def _is_over_columns(op: Op) -> bool:
    """Whether a mean is one of each row: of no rows it is empty, not NaN."""
    dim = op.given(1, "dim", "axis")
    return isinstance(dim, Const) and isinstance(dim.value, int) and dim.value != 0


@function("mean", "nanmean", "median", "prod")
def _mean(op: Op) -> Value:
    given = op.tensor()
    made = _averaged(op, given)
    return over_all(made, given) if _is_over_all(op) and not op.args.open else made


def _is_over_all(op: Op) -> bool:
    """Whether it is the mean of all elements."""
    return op.name == "mean" and op.given(1, "dim", "axis") is None


def _is_over_samples(op: Op, given: Tensor) -> bool:
    """Whether it is the mean of the probabilities that many samples have for each class."""
    dim = op.given(1, "dim", "axis")
    over = dim.value if op.name == "mean" and isinstance(dim, Const) else None
    if given.act is not Act.SOFTMAX or type(over) is not int or over < 0:
        return False
    return given.dim not in (None, over) and (given.dim >= 0 or over == 0)


_OF_VECTORS = "norm"
_OF_ELEMENTS = frozenset({"ratio", "clamp", _OF_VECTORS})
"""Reasons why single elements are zero, or single vectors, each for itself."""


def _averaged(op: Op, given: Tensor) -> Tensor:
    averaged = blend(given)
    if op.name != "prod" and not _is_over_columns(op):
        averaged = mean_of_selection(op.run, averaged, op.node)
    made = terms.reduced(op.run, averaged, op.node, "mean")
    made = made.but(terms=terms.averaged_terms(made.terms))
    if given.act in PROBABILITIES:
        # of many probabilities hardly ever all are zero
        many = _is_over_all(op) or _is_over_samples(op, given)
        some = given.sign is Sign.POSITIVE or (many and not given.picked)
        sign = Sign.POSITIVE if some else Sign.NON_NEGATIVE
        return made.but(act=Act.PROB, sign=sign, trail=given.trail)
    if given.act in LOG_PROBABILITIES:
        return made.but(act=Act.LOG_PROB, picked=given.picked, trail=given.trail)
    if given.act is Act.RAW:
        return made.but(act=Act.RAW, trail=given.trail)
    shape = _AVERAGED.get(given.shape, "") if op.name != "prod" else ""
    if given.shape in ("exp", FEW_EXP) and op.name == "mean":
        shape = "sumexp"
    # a product is zero where any of its factors is, and gives the others a gradient
    zero = passed(given.zero) if op.name == "prod" else given.zero
    if op.name != "prod" and zero is not None and given.sizes != ():
        if zero.kind in _OF_ELEMENTS if _is_over_all(op) else zero.kind == _OF_VECTORS:
            zero = None  # one of them is zero, hardly ever all
    if op.name == "mean" and given.mask is not None and not given.picked:
        zero = given.mask  # the share of what is selected
    return made.but(sign=given.sign, shape=shape, picked=given.picked, zero=zero)


@function("max", "min", "amax", "amin", "cummax", "cummin", "aminmax")
def _extreme(op: Op) -> Value:
    second = op.given(1, "other")
    if second is not None and not isinstance(second, Const):
        if not isinstance(second, Unknown) or _is_tensor(op):
            return _larger(op)
    given = op.tensor()
    shape = "maximum" if op.name in ("max", "amax") else "minimum"
    value = picked(given).but(shape=given.shape if given.shape == "ratio" else shape)
    if shape == "minimum":
        value = let_through(value)  # a gradient of several that are the smallest is shared out
    dim = second if second is not None else op.given(-1, "dim", "axis")
    if dim in (None, Const(0)) and not op.name.startswith("cum"):
        value = whole(value)  # one for all rows that were selected: of none there is an error
    if dim is not None and op.name in ("max", "min", "cummax", "cummin"):
        index = Tensor(
            target=TargetKind.INDICES,
            dtype=DType.INT,
            shape=ARGMAX if shape == "maximum" else "",
            grad=False,
            deps=given.deps,
        )
        return Tuple((value, index))
    return value


def _is_tensor(op: Op) -> bool:
    """Whether the second argument is no dimension: a slice of something, or not called one."""
    given = op.node.args if isinstance(op.node, cst.Call) else ()
    if not given or given[-1].keyword is not None:
        return False
    second = given[-1].value
    if isinstance(second, cst.Subscript):
        return any(isinstance(axis.slice, cst.Slice) for axis in second.slice)
    name = dotted(second).lower()
    return not name.startswith("...") and not is_dimension(name)


@function("maximum", "minimum", "fmax", "fmin")
def _larger(op: Op) -> Value:
    one, other = op.arg(0, "input"), op.arg(1, "other")
    if isinstance(one, Tensor) and one.sign is Sign.POSITIVE and not one.deps:
        one, other = other, one  # a floor, whichever side it is on
    made = blend(one, other)
    tensors = [value for value in (one, other) if isinstance(value, Tensor)]
    for value in tensors:
        if value.shape in ("ratio", "maximum"):
            made = made.but(shape=value.shape)
    if made.shape == "":
        made = made.but(shape=UPPER if op.name in ("max", "maximum", "fmax") else LOWER)
    acts = {value.act for value in tensors}
    if len(tensors) == 2 and len(acts) == 1:
        made = made.but(act=tensors[0].act, trail=tensors[0].trail)
    bound = number(other)
    created = isinstance(other, Tensor) and other.sign is Sign.POSITIVE
    if "max" in op.name and ((bound is not None and bound > 0) or created):
        made = made.but(sign=Sign.POSITIVE)
        if isinstance(one, Tensor) and one.act in PROBABILITIES and not deps_of(other):
            shape = one.shape if one.shape == "one-minus" else ""
            return one.but(sign=Sign.POSITIVE, zero=None, shape=shape)  # a clamp
    return made


@function("logsumexp")
def _logsumexp(op: Op) -> Value:
    given = op.tensor()
    made = whole(blend(given)).but(shape="logsumexp")
    return made.but(marks=made.marks | {NEAR}) if given.shape in LIMITED else made


@function("std", "var", "std_mean", "var_mean")
def _spread(op: Op) -> Value:
    given = op.tensor()
    kind = "standard deviation" if op.name.startswith("std") else "variance"
    reason = ZeroReason(
        op.run.place(op.node), "spread", f"the {kind} of equal values is zero, of a single one NaN"
    )
    # what is measured once, before training, is as the author of the data saw it
    settled = (not given.grad and not op.run.repeats()) or op.run.frame.name == "__init__"
    drawn = not given.grad and NOISE in given.marks  # random numbers are hardly ever equal
    once = settled or drawn or given.shape == STRETCHED or _is_of_a_split(op)
    made = blend(given).but(sign=Sign.NON_NEGATIVE, zero=None if once else reason)
    return Tuple((made, blend(given))) if op.name.endswith("_mean") else made


def _is_of_a_split(op: Op) -> bool:
    """Whether all of the data for training, or for a test, is measured."""
    if not isinstance(op.node, cst.Call):
        return False
    own = [op.node.func.value] if isinstance(op.node.func, cst.Attribute) else []
    return any(map(is_whole_split, (*own, *(one.value for one in op.node.args[:1]))))


@function("norm", "vector_norm", "matrix_norm")
def _norm(op: Op) -> Value:
    given = op.tensor()
    # an affine layer hardly ever gives a zero vector, squashed or not, nor are its weights one, a
    # softmax sums to one, and data that is no part of the graph is as its author made it; a whole
    # batch of vectors is hardly ever zero, unless it is an error
    of_batch = op.given(2, "dim", "axis") is None and "difference" not in given.marks
    safe = (
        of_batch
        or given.act in (Act.RAW, Act.SOFTMAX, Act.TANH, Act.SIGMOID)
        or given.owner is not None
        or given.shape in ("parameter", "unit", FILLED)
        or NOISE in given.marks
        or is_weight(op.given(0, "input", "self", "A", "x"))
        or given.sign is Sign.POSITIVE
        or not given.grad
    )
    reason = ZeroReason(op.run.place(op.node), "norm", "the norm of a zero vector is zero")
    zero = reason if _can_vanish(given) and not safe else None
    return blend(given).but(sign=Sign.NON_NEGATIVE, zero=zero, shape="norm")


def _can_vanish(given: Tensor) -> bool:
    """Whether all elements of a vector may be zero at once.

    For that there has to be a reason: the embedding of a network that is not known, or the sums of
    products of features, meet in zero as seldom as an affine layer's outputs do.
    """
    return (
        given.zero is not None
        or given.act is Act.RELU
        or given.sign is Sign.NON_NEGATIVE
        or given.shape == GRAM
        or not given.marks.isdisjoint(("difference", PADDED))
    )
