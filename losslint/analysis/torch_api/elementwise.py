"""Functions of torch on each element: arithmetic, exponentials, logarithms, powers."""

from __future__ import annotations

from losslint.analysis.domain.conditions import is_symbol
from losslint.analysis.domain.marks import RESIDUAL
from losslint.analysis.domain.trail import extend, steps_of
from losslint.analysis.domain.values import (
    LOG_PROBABILITIES,
    PROBABILITIES,
    UNKNOWN,
    Act,
    Const,
    Sign,
    Tensor,
    Value,
    ZeroReason,
)
from losslint.analysis.events import Operation, OperationKind
from losslint.analysis.objective.terms import LOG_SQUARE
from losslint.analysis.reading.spelling import names_log_spread
from losslint.analysis.tensors import differences, operations, powers, products, quotients, sums
from losslint.analysis.tensors.blending import blend
from losslint.analysis.tensors.forms import (
    BOUNDED,
    CAPPED,
    DENSITY,
    ENDLESS,
    FEW_EXP,
    FREE,
    GAP,
    INDEX,
    LOG_DENSITY,
    NEAR,
    OF_LOGARITHM,
    OVERDRAWN,
    OWN_PRODUCT,
    RAW_EXP,
    REST,
    RUNNING_EXP,
    SCALED_UNIT,
    STABLE_EXP,
    floor_in_sight,
)
from losslint.analysis.torch_api.registry import Op, function


@function("add", "__add__")
def _add(op: Op) -> Value:
    return sums.add(op.run, op.tensor(), op.arg(1, "other"), op.node)


@function("sub", "subtract")
def _sub(op: Op) -> Value:
    return differences.subtract(op.run, op.tensor(), op.arg(1, "other"), op.node)


@function("mul", "multiply")
def _mul(op: Op) -> Value:
    return products.multiply(op.run, op.tensor(), op.arg(1, "other"), op.node)


@function("div", "divide", "true_divide")
def _div(op: Op) -> Value:
    return quotients.divide(op.run, op.tensor(), op.arg(1, "other"), op.node)


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
    return quotients.divide(op.run, Const(1), op.tensor(), op.node)


@function("neg", "negative")
def _neg(op: Op) -> Value:
    return differences.negate(op.tensor())


@function("abs", "absolute")
def _abs(op: Op) -> Value:
    given = op.tensor()
    shape = given.shape if given.shape in ("cosine", GAP) else ""
    made = blend(given).but(sign=Sign.NON_NEGATIVE, zero=given.zero, shape=shape)
    if given.act is not Act.RAW:
        return made
    trail = extend(None, op.run.place(op.node), "the absolute value is taken here")
    return made.but(act=Act.ABS, trail=trail)


@function("exp", "exp_")
def _exp(op: Op) -> Value:
    given = op.tensor()
    made = blend(given).but(sign=Sign.POSITIVE)
    if given.act is Act.LOG_SOFTMAX:
        return made.but(
            marks=made.marks | {OF_LOGARITHM},
            act=Act.SOFTMAX,
            picked=given.picked,
            dim=given.dim,
            trail=given.trail,
            sign=Sign.NON_NEGATIVE,
        )
    if given.act is Act.LOG_PROB and LOG_DENSITY in given.marks:
        marks = made.marks - {LOG_DENSITY}
        return made.but(shape=DENSITY, sign=Sign.NON_NEGATIVE, marks=marks, trail=given.trail)
    if given.act in LOG_PROBABILITIES:
        return made.but(act=Act.PROB, picked=given.picked, trail=given.trail)
    if given.shape == "logratio":
        return made.but(shape="ratio")
    made = made.but(marks=made.marks - {ENDLESS} | {"exp"})
    if given.shape == "non-positive":
        made = made.but(marks=made.marks | {NEAR})  # it is one at most
    if given.act is Act.RAW:
        made = made.but(marks=made.marks | {RAW_EXP, ENDLESS})
    bounded = given.act in _OF_UNIT
    place = op.run.place(op.node)
    if given.shape == "shifted" and not bounded:
        return made.but(shape=STABLE_EXP, trail=extend(None, place, "exp applied here"))
    if given.shape == "non-positive" and RESIDUAL in given.marks:
        return made.but(shape=DENSITY, sign=Sign.NON_NEGATIVE)
    if bounded or given.shape in _LIMITED or NEAR in given.marks:
        return made
    # what something was taken from may have had its maximum taken from it
    known = "difference" not in given.marks and is_symbol(op.given(0, "input", "self"))
    trail = extend(None, place, "exp applied here") if known else None
    scores = given.shape == "scores" and not names_log_spread(op.node)
    if scores or given.shape == "similarity":
        operation = Operation(OperationKind.EXP, place, op.name, given, None, (), op.run.repeats())
        made = operations.with_operation(op.run, made, operation)
    return made.but(shape="exp", trail=trail)


_OF_UNIT = frozenset({Act.SIGMOID, Act.SOFTMAX, Act.TANH, Act.PROB})
_LIMITED = frozenset(
    {
        "unit",
        "cosine",
        "non-positive",
        "neg-prob",
        BOUNDED,
        SCALED_UNIT,
        CAPPED,
        OVERDRAWN,
        "up-to-one",
        "absorbed",
    }
)
"""Forms of values that an exponential of does not overflow."""


@function("cosh")
def _cosh(op: Op) -> Value:
    given = op.tensor()
    limited = given.act in _OF_UNIT or given.shape in _LIMITED - {"non-positive"} | {INDEX, REST}
    return blend(given).but(sign=Sign.POSITIVE, shape="" if limited else "cosh")


@function("expm1", "logit", "erf", "atan", "frac")
def _plain(op: Op) -> Value:
    return blend(op.tensor())


@function("sin", "cos")
def _circular(op: Op) -> Value:
    made = blend(op.tensor())
    # where one of them is zero the other is not: a vector made of them hardly ever is
    return made.but(marks=made.marks | {powers.DENSE})


@function("acos", "asin", "arccos", "arcsin")
def _arc(op: Op) -> Value:
    given = op.tensor()
    made = blend(given)
    if given.shape in _ARCS:
        return powers.out_of_domain(op.run, made, given, op.node, op.name, _ARCS[given.shape])
    return made


_ARCS = {
    "cosine": "a cosine of parallel vectors is one, or just above it by rounding",
    "up-to-one": "what is clamped at one can be one",
    "absorbed": "1 minus that constant is 1 in float32",
    "trace": "the trace of a rotation by nothing gives one, or just above it by rounding",
}


@function("atanh", "arctanh", "logit")
def _inverse(op: Op) -> Value:
    given = op.tensor()
    made = blend(given)
    why = _INVERSES.get(given.shape)
    if why is None and op.name != "logit" and given.act is Act.TANH and given.shape == "":
        why = "a tanh is 1 in float32 from about 9 on"
    if why is None or op.given(1, "eps") is not None:
        return made
    return powers.out_of_domain(op.run, made, given, op.node, op.name, why)


_INVERSES = {name: _ARCS[name] for name in ("up-to-one", "absorbed")}


@function("trace")
def _trace(op: Op) -> Value:
    return blend(op.tensor()).but(shape="trace")


@function("log1p")
def _log1p(op: Op) -> Value:
    given = op.tensor()
    if given.shape != "exp":
        return blend(given)
    return _logarithm(op, given.but(shape="1+exp", sign=Sign.POSITIVE))


@function("log", "log2", "log10")
def _log(op: Op) -> Value:
    given = op.given(0, "input", "self")
    if not isinstance(given, Tensor):
        return blend(given) if given is not None else UNKNOWN
    return _logarithm(op, given)


def _logarithm(op: Op, given: Tensor) -> Tensor:
    given = operations.for_what_comes(op.run, given, op.node)
    if given.act in PROBABILITIES and floor_in_sight(op.run) in given.marks:
        given = given.but(act=Act.PROB)  # who writes both wants the floor
    if given.shape == "parameter" and given.owner and given.sign is Sign.UNKNOWN:
        given = given.but(zero=ZeroReason(op.run.place(op.node), FREE, _ANYWHERE))
    if given.shape == DENSITY:
        text = "the density of what is far from the mean rounds to zero"
        given = given.but(zero=ZeroReason(op.run.place(op.node), DENSITY, text))
    if given.shape in ("square", OWN_PRODUCT) and powers.OF_LAYER in given.marks:
        text = "the square of a raw output is zero where the output changes its sign"
        given = given.but(zero=ZeroReason(op.run.place(op.node), "square", text))
    if given.shape == "cosine" and given.act is Act.UNKNOWN and given.sign is Sign.UNKNOWN:
        text = "a cosine lies between -1 and 1"
        given = given.but(zero=ZeroReason(op.run.place(op.node), "cosine", text))
    if given.shape == REST:
        text = "where prediction and label agree the index is one"
        given = given.but(zero=ZeroReason(op.run.place(op.node), "index", text))
    if given.shape == OVERDRAWN:
        text = "what is subtracted can be of any size, so that less than nothing is left"
        given = given.but(zero=ZeroReason(op.run.place(op.node), OVERDRAWN, text))
    if given.act in PROBABILITIES:
        op.run.seen.logarithms.setdefault(op.run.place(op.node), set()).add(given.act)
    if given.sign is Sign.POSITIVE:
        op.run.seen.positive.setdefault(op.run.place(op.node), set()).update(given.deps)
    made = blend(given)
    made = made.but(marks=made.marks | ({"log", LOG_SQUARE} if "square" in made.marks else {"log"}))
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


_ANYWHERE = "nothing keeps training from taking a parameter to zero and below"
_LOG_SHAPES = frozenset({"sumexp", FEW_EXP, RUNNING_EXP, "1+exp", "cosh", "single"})


@function("lerp", "addcmul", "addcdiv")
def _mixed(op: Op) -> Value:
    return blend(*op.args.all())
