"""What arithmetic does to the facts about tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losslint.analysis import likelihoods
from losslint.analysis.averages import BATCH_MEAN, divided
from losslint.analysis.conditions import is_maximum
from losslint.analysis.events import LossTerm, Operation, OperationKind
from losslint.analysis.gradient_flow import as_weight, lasting
from losslint.analysis.learned_weights import added, alone, subtracted, weighed
from losslint.analysis.numbers import number
from losslint.analysis.operations import (
    MAX_OPERATIONS,
    NUDGE,
    guarded_outside,
    with_operation,
    without,
)
from losslint.analysis.terms import (
    OPEN,
    add_terms,
    has_named_factor,
    normalised,
    policy_term,
    settled,
    weigh,
)
from losslint.analysis.trail import steps_of
from losslint.analysis.values import (
    LOG_PROBABILITIES,
    PROBABILITIES,
    Act,
    DType,
    Sign,
    TargetKind,
    Tensor,
    Unknown,
    Value,
    ZeroReason,
)

if TYPE_CHECKING:
    import libcst as cst

    from losslint.analysis.interpreter import Interpreter
    from losslint.analysis.trail import Place

MAX_DEPS = 48
_TOTALS = frozenset({"total", "overlap", "totals"})
"""Forms of sums over a whole mask, of which overlap measures are made."""
UNREDUCED = "loss-none"
"""The form of a loss with one number an element."""
_SQUARES = frozenset({"square", "sum-square"})
_BOUNDED = frozenset({"cosine", "non-positive"})
"""Forms of values that an exponential of does not overflow, whatever the temperature."""
_SCALABLE = _BOUNDED | {"similarity", "scores", "trace"}
"""Forms that a temperature leaves as they are."""
ZEROS = "zeros found"
"""The form of a mask of the zeros of a tensor, and of what is to be put there."""
ABSORBED = 2.0**-25
"""In float32, 1 minus less than this is 1, and so is 1 plus less than twice this."""
SMALL = 0.1
"""What is added to a probability up to this size is a guard, not a shift."""


def deps_of(value: Value) -> frozenset[object]:
    """What a value depends on, where it says so."""
    return value.deps if isinstance(value, Tensor | Unknown) else frozenset()


def live_deps(run: Interpreter, value: Value) -> frozenset[object]:
    """What a gradient that comes to a value goes on to; under no_grad, what it is made of."""
    if isinstance(value, Tensor) and not value.grad and not run.no_grad:
        return frozenset()
    return deps_of(value)


def union_deps(one: frozenset[object], other: frozenset[object]) -> frozenset[object]:
    """Both sets of layers; the first ones are kept when there are too many."""
    if not other or one is other:
        return one
    return one | other if len(one) + len(other) <= MAX_DEPS else (one or other)


def blend(*values: Value) -> Tensor:
    """A tensor made of others in some way that says nothing of its values."""
    deps: frozenset[object] = frozenset()
    operations: frozenset[Operation] = frozenset()
    terms: tuple[LossTerm, ...] = ()
    marks: frozenset[str] = frozenset()
    sums: frozenset[Place] = frozenset()
    grad = False
    found: Tensor | None = None
    for value in values:
        if isinstance(value, Tensor):
            if value.grad == grad:
                deps = union_deps(deps, value.deps)
            elif value.grad:
                deps = value.deps
            if len(operations) < MAX_OPERATIONS:
                operations |= value.operations
            terms = add_terms(terms, value.terms)
            marks |= value.marks
            sums |= value.sums
            grad |= value.grad
            found = value if found is None else found
        elif isinstance(value, Unknown):
            deps = union_deps(deps, value.deps) if grad else value.deps
            grad = True
    confidence = min(
        (value.confidence for value in values if isinstance(value, Tensor)),
        default=Tensor().confidence,
    )
    return Tensor(
        grad=grad,
        operations=operations if grad else lasting(operations),
        deps=deps,
        marks=marks,
        terms=terms if grad else (),
        sums=sums,
        confidence=confidence,
        trail=found.trail if found is not None else None,
    )


def operand(value: Value) -> Tensor:
    """Any operand as a tensor, so that facts can be combined."""
    if isinstance(value, Tensor):
        return value
    known = number(value)
    if known is not None:
        sign = Sign.POSITIVE if known > 0 else Sign.NON_NEGATIVE if known == 0 else Sign.UNKNOWN
        return Tensor(sign=sign, grad=False)
    return Tensor(deps=deps_of(value), grad=isinstance(value, Unknown))


def _is_area(value: Tensor) -> bool:
    """A product of sizes, or a sum of such."""
    return value.shape in ("product", "totals") and value.sign is Sign.NON_NEGATIVE


def _is_guard(value: Value) -> bool:
    """Whether adding the value keeps a sum of non-negative terms away from zero."""
    known = number(value)
    return known > 0 if known is not None else isinstance(value, Unknown)


def add(run: Interpreter, left: Value, right: Value, node: cst.CSTNode) -> Tensor:
    """``left + right``."""
    if not isinstance(left, Tensor):
        left, right = right, left
    one, other = operand(left), operand(right)
    if one.terms and other.terms:
        if one.shape != other.shape:  # averages on both sides weigh nothing against each other
            one, other = settled(one), settled(other)
        made = blend(one, other)
    else:
        made = blend(left, right)
    if one.terms and other.terms:
        made = _joined(run, made, one, other, node)
    elif one.terms or other.terms:
        if added(run, one, other):
            made = made.but(marks=made.marks | {OPEN})
    if one.operations and other.operations:
        made = likelihoods.summed(run, made, one, other, node)
    made = made.but(sign=_sum_sign(one, other, right), zero=_sum_zero(one, other, right))
    if (one.shape in _TOTALS and other.shape in _TOTALS) or (_is_area(one) and _is_area(other)):
        made = made.but(shape="totals")
    if UNREDUCED in (one.shape, other.shape):
        made = made.but(shape=UNREDUCED)
    known = number(right)
    if known is not None and abs(known) <= SMALL:
        made = alone(made, one)
    if not isinstance(right, Tensor):
        if made.operations:
            made = guarded_outside(run, made, right, node)
        return _shifted(made, one, right, known)
    if one.shape in _SQUARES and other.shape in _SQUARES:
        made = made.but(shape="sum-square")
    if one.shape == "sumexp" and other.shape == "sumexp":
        made = made.but(shape="sumexp")
    if one.act is Act.RAW and (other.act is Act.RAW or other.shape == "parameter"):
        return made.but(act=Act.RAW, trail=one.trail)
    if other.act is Act.RAW and one.shape == "parameter":
        return made.but(act=Act.RAW, trail=other.trail)
    if one.act in PROBABILITIES and other.act in PROBABILITIES:
        return made.but(act=Act.PROB, trail=one.trail)
    return made


def _joined(
    run: Interpreter, made: Tensor, one: Tensor, other: Tensor, node: cst.CSTNode
) -> Tensor:
    """A sum in which loss terms meet."""
    run.add_partners(one.terms, other.terms)
    if one.shape == other.shape == "scaled-sum":
        made = made.but(shape="scaled-sum")
    if made.sums or len({term.family for term in made.terms}) < 2:
        return made
    return made.but(sums=frozenset({run.place(node)}))


def _shifted(made: Tensor, one: Tensor, right: Value, known: float | None) -> Tensor:
    if one.act is Act.RAW and known is not None:
        return made.but(act=Act.RAW, trail=one.trail)
    if one.act in PROBABILITIES and known is not None and 0 < known <= SMALL:
        return made.but(
            act=one.act,
            picked=one.picked,
            dim=one.dim,
            sign=Sign.POSITIVE,
            trail=one.trail,
            shape="nudged" if known <= NUDGE and one.shape in ("", "total") else one.shape,
        )
    if known is not None and 0 < known <= SMALL and one.shape in ("sumexp", "norm"):
        return made.but(shape=one.shape)
    if known == 1 and one.shape == "exp":
        return made.but(shape="1+exp")
    if one.target is not TargetKind.UNKNOWN and known == 0:
        return one
    return made


def _sum_sign(one: Tensor, other: Tensor, right: Value) -> Sign:
    signs = (one.sign, other.sign)
    if Sign.UNKNOWN in signs:
        return Sign.UNKNOWN
    return Sign.POSITIVE if Sign.POSITIVE in signs else Sign.NON_NEGATIVE


def zeros_found(is_equal: bool, bound: Value) -> str:
    """The form of the outcome of a comparison: where zeros are, something can be put."""
    return ZEROS if is_equal and number(bound) == 0 else ""


def _sum_zero(one: Tensor, other: Tensor, right: Value) -> ZeroReason | None:
    if _is_guard(right) or Sign.POSITIVE in (one.sign, other.sign):
        return None
    if ZEROS in (one.shape, other.shape):
        return None
    return one.zero if one.zero is not None and other.zero is not None else None


def subtract(run: Interpreter, left: Value, right: Value, node: cst.CSTNode) -> Tensor:
    """``left - right``."""
    one, other = operand(left), operand(right)
    made = blend(left, right)
    if one.terms and other.terms:
        made = _joined(run, made, one, other, node)
    if one.operations and other.operations:
        made = likelihoods.summed(run, made, one, other, node)
    if one.terms or other.terms:
        subtracted(run, one, other)
    if number(left) is not None:
        made = alone(made, other)
    if other.shape in ("maximum", "logsumexp") or is_maximum(right):
        return made.but(shape="shifted")
    if isinstance(left, Tensor | Unknown) and isinstance(right, Tensor | Unknown):
        made = made.but(marks=made.marks | {"difference"})
    if one.shape == "totals" and (other.shape == "overlap" or _is_area(other)):
        return made.but(shape="totals", sign=Sign.NON_NEGATIVE)
    if one.shape == "sum-square" and isinstance(right, Tensor):
        reason = ZeroReason(
            run.place(node),
            "distance",
            "the squared distance of two equal points is zero, or just below it by rounding",
        )
        return made.but(zero=reason)
    if number(left) == 1 and other.shape == "cosine-square":
        reason = ZeroReason(
            run.place(node),
            "sine",
            "`1 - cos ** 2` of parallel vectors is zero, or just below it by rounding",
        )
        return made.but(zero=reason)
    if one.act in PROBABILITIES and other.act in PROBABILITIES:
        reason = ZeroReason(
            run.place(node), "difference", "two probabilities can round to the same value"
        )
        return made.but(zero=reason)
    lost = _lost_guard(run, number(left), other, node)
    if number(left) == 1 and other.act in PROBABILITIES:
        plain = other.shape in ("", "nudged", "absorbed")
        shape = "one-minus" if other.act is Act.SIGMOID and plain else ""
        # what was scaled and shifted away from zero was shifted away from one as well
        inside = other.act is Act.PROB and other.sign is Sign.POSITIVE
        return made.but(
            act=Act.PROB,
            picked=other.picked,
            sign=Sign.POSITIVE if inside and lost is None else Sign.NON_NEGATIVE,
            zero=lost,
            shape=shape,
            trail=other.trail,
            target=other.target,
        )
    if lost is not None:
        made = made.but(zero=lost)
    if one.act in LOG_PROBABILITIES:
        return made.but(shape="logratio", trail=one.trail)
    if one.shape == "maximum" and other.shape == "minimum":
        reason = ZeroReason(run.place(node), "range", "a constant input has no range")
        return made.but(sign=Sign.NON_NEGATIVE, zero=reason)
    if one.act is Act.RAW and (other.act is Act.RAW or number(right) is not None):
        return made.but(act=Act.RAW, trail=one.trail)
    if one.shape == "trace" and number(right) is not None:
        return made.but(shape="trace")
    return made


def _lost_guard(
    run: Interpreter, left: float | None, right: Tensor, node: cst.CSTNode
) -> ZeroReason | None:
    """The reason why ``left - right`` can be zero although a constant was to keep it from that."""
    if left is None:
        return None
    if 1 < left < 1 + 2 * ABSORBED and right.sign is not Sign.UNKNOWN:
        text = "1 plus that constant is 1 in float32"
    elif left == 1 and right.shape == "absorbed":
        text = "1 minus that constant is 1 in float32, so the clamp leaves 1 as it is"
    elif left == 1 and right.shape == "nudged":
        text = "the constant was added to what is subtracted, which makes it worse"
    else:
        return None
    return ZeroReason(run.place(node), "epsilon", text)


def multiply(run: Interpreter, left: Value, right: Value, node: cst.CSTNode) -> Tensor:
    """``left * right``."""
    swapped = not isinstance(left, Tensor) or (
        isinstance(right, Tensor) and not left.terms and bool(right.terms)
    )
    if swapped:
        left, right = right, left
    one, other = operand(left), operand(right)
    made = _no_batch_mean(blend(left, right))
    if isinstance(left, Tensor) and isinstance(right, Tensor):
        made = as_weight(made, left, right)
    if one.terms:
        made = weigh(made, right, named=has_named_factor(node, first=swapped))
        made = weighed(run, made, right, node, swapped)
    made = made.but(
        operations=made.operations - _own_entropy(one, other) - _own_entropy(other, one)
    )
    if made.operations:
        made = likelihoods.weighed(made, one, other, node)
    policy = policy_term(run, one, other, right, node) or policy_term(run, other, one, left, node)
    if policy is not None and not made.terms:
        made = made.but(terms=(policy,))
    if Sign.UNKNOWN not in (one.sign, other.sign):
        same = one.sign is Sign.POSITIVE and other.sign is Sign.POSITIVE
        made = made.but(sign=Sign.POSITIVE if same else Sign.NON_NEGATIVE)
    if ZEROS in (one.shape, other.shape):
        made = made.but(shape=ZEROS)
    elif number(right) is None and made.shape != "scaled-sum":
        both_unit = one.shape == other.shape == "unit"
        made = made.but(shape="unit-product" if both_unit else "product")
    elif one.shape == "cosine" and 0 < abs(number(right) or 0) < 1:
        made = made.but(shape="bounded")
    elif one.shape in _TOTALS or one.shape in _SCALABLE or one.shape == UNREDUCED:
        made = made.but(shape=one.shape)
    if number(right) is not None:
        made = alone(made, one)
    zero = one.zero or other.zero
    both = one.zero is not None and other.zero is not None
    if zero is not None and (both or number(right) is not None):
        made = made.but(zero=zero)
    return _scaled(made, one, other, right)


def _no_batch_mean(made: Tensor) -> Tensor:
    """A product, which may be a mean times the number that it was taken of."""
    if BATCH_MEAN not in made.marks:
        return made
    kept = (one for one in made.operations if one.kind is not OperationKind.BATCH_MEANS)
    return made.but(marks=made.marks - {BATCH_MEAN}, operations=frozenset(kept))


def _own_entropy(value: Tensor, log: Tensor) -> frozenset[Operation]:
    """The guarded logarithms of a value among those that it is multiplied with.

    In ``p * log(p + eps)`` the product goes to zero with p, in value and in gradient.
    """
    own = value.act in PROBABILITIES or value.shape == "neg-prob"
    if not own or value.trail is None:
        return frozenset()
    return frozenset(
        operation
        for operation in log.operations
        if operation.kind is OperationKind.LOG
        and operation.operand.sign is Sign.POSITIVE
        and operation.operand.trail is value.trail
    )


def _scaled(made: Tensor, one: Tensor, other: Tensor, right: Value) -> Tensor:
    scalar = not isinstance(right, Tensor)
    if one.act is Act.RAW and (scalar or other.shape == "parameter"):
        return made.but(act=Act.RAW, trail=one.trail)
    if one.act in PROBABILITIES:
        if number(right) == 1:
            return made.but(act=one.act, picked=one.picked, dim=one.dim, trail=one.trail)
        if other.act in PROBABILITIES or other.mask is not None or number(right) is not None:
            return made.but(act=Act.PROB, trail=one.trail, mask=other.mask)
    for log in (one, other):
        if log.act in LOG_PROBABILITIES:
            return made.but(act=Act.LOG_PROB, picked=log.picked, trail=log.trail)
    if one.mask is not None or other.mask is not None:
        both = one.mask is not None and other.mask is not None
        if both or number(right) == 1 or Sign.POSITIVE in (one.sign, other.sign):
            return made.but(mask=one.mask or other.mask, sign=Sign.NON_NEGATIVE)
    return made


def divide(run: Interpreter, left: Value, right: Value, node: cst.CSTNode) -> Tensor:
    """``left / right``."""
    one, other = operand(left), operand(right)
    made = blend(left, right)
    divided(run, left, right, node)
    if isinstance(left, Tensor) and isinstance(right, Tensor):
        made = as_weight(made, left, right)
    if one.terms:
        made = weighed(run, normalised(made, right), right, node)
    if Sign.UNKNOWN not in (one.sign, other.sign):
        made = made.but(sign=Sign.NON_NEGATIVE)
    if isinstance(right, Tensor):
        made = _risky_division(run, made, left, right, node)
    scalar = not isinstance(right, Tensor)
    if number(right) is not None:
        made = alone(made, one)
    elif number(left) is not None:
        made = alone(made, other)
    if other.shape == "norm":
        made = made.but(shape="unit")
    if one.shape in _SCALABLE and (scalar or other.shape == "norm"):
        made = made.but(shape=one.shape)
    if one.shape == UNREDUCED and number(right) is not None:
        made = made.but(shape=UNREDUCED)
    if one.act is Act.RAW and scalar:
        return made.but(act=Act.RAW, trail=one.trail)
    if one.act in PROBABILITIES and number(right) is not None:
        return made.but(act=Act.PROB, trail=one.trail)
    if one.act in LOG_PROBABILITIES and scalar:
        return made.but(act=Act.LOG_PROB, picked=one.picked, trail=one.trail)
    if one.shape == "exp" and other.shape == "sumexp":
        return softmax_by_hand(run, made, one, other, node)
    if one.zero is not None:
        made = made.but(zero=one.zero)
    if one.act is Act.RAW:
        reason = ZeroReason(
            run.place(node), "ratio", "a ratio with a raw output can be zero or negative"
        )
        made = made.but(zero=reason)
    return made


def softmax_by_hand(
    run: Interpreter, made: Tensor, one: Tensor, other: Tensor, node: cst.CSTNode
) -> Tensor:
    """An exponential over a sum of exponentials: a softmax, where both are of the same values."""
    made = without(made, OperationKind.EXP).but(sign=Sign.NON_NEGATIVE)
    steps, behind = steps_of(one.trail), steps_of(other.trail)
    if steps and behind:
        operation = Operation(
            OperationKind.SOFTMAX, run.place(node), "/", one, other, steps, run.repeats()
        )
        made = with_operation(run, made, operation)
        if not steps[0].place.node.deep_equals(behind[0].place.node):
            return made
    return made.but(act=Act.SOFTMAX, trail=one.trail)


def _risky_division(
    run: Interpreter, made: Tensor, left: Value, right: Tensor, node: cst.CSTNode
) -> Tensor:
    probability = right.act in (Act.SOFTMAX, Act.PROB) and right.picked
    if (
        isinstance(left, Tensor)
        and (left.shape == "overlap" or _is_area(left))
        and right.shape == "totals"
        and right.zero is None
    ):
        reason = ZeroReason(run.place(node), "overlap", "both regions can be empty")
        right = right.but(zero=reason)
    if right.sign is Sign.POSITIVE or (right.zero is None and not probability):
        return made
    operation = Operation(
        OperationKind.DIVISION,
        run.place(node),
        "/",
        right,
        left if isinstance(left, Tensor) else None,
        steps_of(right.trail),
        run.repeats(),
    )
    return with_operation(run, made, operation)


def negate(value: Tensor) -> Tensor:
    """``-value``."""
    if value.act is Act.RAW:
        return value.but(shape="", sign=Sign.UNKNOWN, zero=None)
    made = alone(blend(value).but(zero=value.zero), value)
    if value.act in PROBABILITIES:
        return made.but(shape="neg-prob")
    if value.act in LOG_PROBABILITIES:
        return made.but(shape="neg-log-prob", picked=value.picked)
    if value.sign is not Sign.UNKNOWN:
        return made.but(shape="non-positive")
    return made.but(shape=value.shape if value.shape in ("ratio", "cosine", "scores") else "")


def as_dtype(value: Tensor, dtype: DType) -> Tensor:
    """The tensor with elements of another kind."""
    if dtype in (DType.INT, DType.BOOL):
        known = lasting(value.operations)
        return value.but(dtype=dtype, grad=False, terms=(), operations=known)
    return value.but(dtype=dtype)
