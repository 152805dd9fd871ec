"""Functions of torch on each element: arithmetic, exponentials, logarithms, clamps."""

from __future__ import annotations

from losslint.analysis import arithmetic, operations, powers
from losslint.analysis.arithmetic import blend
from losslint.analysis.conditions import is_symbol
from losslint.analysis.events import Operation, OperationKind
from losslint.analysis.numbers import number
from losslint.analysis.torch_api.registry import Op, function
from losslint.analysis.trail import extend, steps_of
from losslint.analysis.values import (
    LOG_PROBABILITIES,
    PROBABILITIES,
    UNKNOWN,
    Act,
    Const,
    DType,
    Sign,
    Tensor,
    Tuple,
    Value,
    ZeroReason,
)


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
    return powers.power(op.run, op.tensor(), op.arg(1, "exponent"), op.node)


@function("square")
def _square(op: Op) -> Value:
    return powers.power(op.run, op.tensor(), Const(2), op.node)


@function("sqrt")
def _sqrt(op: Op) -> Value:
    return powers.root(op.run, op.tensor(), op.node)


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
    if bounded or given.shape in ("shifted", "cosine", "non-positive", "bounded"):
        return made
    place = op.run.place(op.node)
    # what something was taken from may have had its maximum taken from it
    known = "difference" not in given.marks and is_symbol(op.given(0, "input", "self"))
    trail = extend(None, place, "exp applied here") if known else None
    if given.shape in ("scores", "similarity"):
        operation = Operation(OperationKind.EXP, place, op.name, given, None, (), op.run.repeats())
        made = operations.with_operation(op.run, made, operation)
    return made.but(shape="exp", trail=trail)


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
        op.run.repeats(),
    )
    if given.act is not Act.UNKNOWN or given.zero is not None or given.shape in _LOG_SHAPES:
        made = operations.with_operation(op.run, made, operation)
    if given.act is Act.SOFTMAX or given.shape in _LOG_SHAPES:
        # the logarithm has a stable form that needs none of these
        made = operations.without(made, OperationKind.EXP, OperationKind.SOFTMAX)
    if given.act is Act.SOFTMAX:
        return made.but(act=Act.LOG_SOFTMAX, picked=given.picked, dim=given.dim, trail=trail)
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
    capped = op.args.open or op.name == "clamp_max" or op.given(2, "max") is not None
    kept = given.shape in ("ratio", "one-minus", "norm")
    made = given.but(
        sign=Sign.POSITIVE if raised else given.sign,
        zero=None if raised else given.zero,
        shape=given.shape if kept else "bounded" if capped else "",
    )
    if bound == 0 and given.sign is not Sign.POSITIVE:
        reason = ZeroReason(op.run.place(op.node), "clamp", "what is clamped at zero can be zero")
        made = made.but(sign=Sign.NON_NEGATIVE, zero=given.zero or reason)
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
            dtype=tensors[0].dtype if tensors[0].dtype is tensors[1].dtype else DType.UNKNOWN,
            sign=tensors[0].sign if tensors[0].sign is tensors[1].sign else Sign.UNKNOWN,
            zero=None,
        )
    return blend(one, other)


@function("lerp", "addcmul", "addcdiv")
def _mixed(op: Op) -> Value:
    return blend(*op.args.all())
