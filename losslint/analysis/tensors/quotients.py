"""What ratios do to the facts about tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.domain.marks import RESIDUAL
from losslint.analysis.domain.numbers import number
from losslint.analysis.domain.trail import steps_of
from losslint.analysis.domain.values import (
    LOG_PROBABILITIES,
    PROBABILITIES,
    Act,
    Sign,
    Tensor,
    Unknown,
    Value,
    ZeroReason,
)
from losslint.analysis.events import Operation, OperationKind
from losslint.analysis.objective.learned_weights import alone, weighed
from losslint.analysis.objective.terms import normalised, note_shared_out
from losslint.analysis.reading.spelling import is_called_scale
from losslint.analysis.tensors import cosines, cut_offs
from losslint.analysis.tensors.blending import blend, operand
from losslint.analysis.tensors.exponentials import (
    is_mean_of_exponentials,
    is_sigmoid,
    same_start,
    sigmoid_by_hand,
    softmax_by_hand,
)
from losslint.analysis.tensors.forms import (
    BOUNDED,
    DENSITY,
    INDEX,
    LENGTH,
    LIFTED,
    NEAR,
    SCALABLE,
    SIGNED,
    SMOOTHED,
    STABLE_EXP,
    STABLE_SUM,
    STEEP,
    STRETCHED,
    UNREDUCED,
    WITHIN,
    is_area,
)
from losslint.analysis.tensors.operations import OF_DATA, with_operation
from losslint.analysis.training.averages import divided, shared
from losslint.analysis.training.gradient_flow import as_weight

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter


def divide(run: Interpreter, left: Value, right: Value, node: cst.CSTNode) -> Tensor:
    """``left / right``."""
    one, other = operand(left), operand(right)
    made = shared(run, blend(left, right), left, node)
    divided(run, left, right, node)
    if other.owner is not None:
        run.seen.weights.handled |= other.owner  # near zero the quotient drives it away
    if isinstance(left, Tensor) and isinstance(right, Tensor):
        made = as_weight(made, left, right)
    if one.terms:
        note_shared_out(run, one, node)
        made = weighed(run, normalised(made, right, node), right, node)
    scaled = isinstance(right, Unknown) and is_called_scale(getattr(node, "right", None))
    if Sign.UNKNOWN not in (one.sign, other.sign) or (scaled and one.sign is not Sign.UNKNOWN):
        made = made.but(sign=Sign.NON_NEGATIVE)
    if isinstance(right, Tensor):
        made = _risky_division(run, made, left, right, node)
    scalar = not isinstance(right, Tensor)
    if number(right) is not None:
        made = alone(made, one)
    elif number(left) is not None:
        made = alone(made, other)
        if number(left) == 1 and other.sign is Sign.POSITIVE and _is_one_and_more(node):
            made = made.but(marks=made.marks | {NEAR})
    if other.shape == "norm":
        made = made.but(shape="unit")
    tempered = one.shape in SCALABLE and (scalar or other.shape == "norm")
    own_largest = other.shape == "maximum" and bool(one.deps & other.deps)
    if own_largest or (one.shape == "cosine" and abs(number(right) or 0) > 1):
        made = made.but(shape=BOUNDED)
    elif tempered or is_mean_of_exponentials(one, right):
        made = made.but(shape=one.shape)
    if form := cosines.cosine(one, other):
        made = made.but(shape=form)
    if one.shape == "cosine" and 0 < (number(right) or 1) < cosines.COLD:
        made = made.but(marks=made.marks | {STEEP})
    if one.shape == UNREDUCED and number(right) is not None:
        made = made.but(shape=UNREDUCED)
    if one.shape == DENSITY:
        made = made.but(shape=DENSITY)
    if one.shape == LIFTED and isinstance(right, Tensor):
        made = made.but(shape=STRETCHED)
    below = one.shape == "non-positive" or (number(left) or 0) < 0
    if below and other.sign is not Sign.UNKNOWN:
        made = made.but(shape="non-positive")
    if one.shape in _OVERLAPS and other.shape in _TOTALS and SIGNED not in other.marks:
        made = made.but(shape=INDEX)
    squashed = one.act is Act.TANH or one.shape == BOUNDED
    if squashed and (number(right) or 0) >= cosines.COLD:
        made = made.but(shape=BOUNDED)
    if one.act is Act.RAW and scalar:
        return made.but(act=Act.RAW, trail=one.trail)
    if one.act in PROBABILITIES and number(right) is not None:
        sign = one.sign if (number(right) or 0) > 0 else made.sign
        return made.but(act=Act.PROB, trail=one.trail, sign=sign)
    if one.act in LOG_PROBABILITIES and scalar:
        return made.but(act=Act.LOG_PROB, picked=one.picked, trail=one.trail)
    if one.shape == "exp" and other.shape == "sumexp":
        return softmax_by_hand(run, made, one, other, node)
    if one.shape == "exp" and is_sigmoid(one, other, node):
        return sigmoid_by_hand(run, made, one, other, node)
    if one.shape == STABLE_EXP and other.shape == STABLE_SUM and same_start(one, other):
        if WITHIN in one.marks:
            return made.but(act=Act.SOFTMAX, sign=Sign.POSITIVE, trail=one.trail, shape="cosine")
        return made.but(act=Act.SOFTMAX, sign=Sign.NON_NEGATIVE, trail=one.trail)
    if one.zero is not None:
        made = made.but(zero=cut_offs.passed(one.zero) if other.grad else one.zero)
    if one.shape == "single" and one.act is Act.SOFTMAX:
        made = made.but(shape="single", trail=one.trail)
    if one.act in PROBABILITIES and other.act in PROBABILITIES and one.sign is not Sign.POSITIVE:
        reason = ZeroReason(
            run.place(node), "ratio", "a probability can be zero, and so can its ratio to another"
        )
        made = made.but(zero=reason)
    if one.act is Act.RAW:
        reason = ZeroReason(
            run.place(node), "ratio", "a ratio with a raw output can be zero or negative"
        )
        made = made.but(zero=reason)
    return made


def _is_one_and_more(quotient: cst.CSTNode) -> bool:
    """Whether one is added to what is never negative, before something is divided by it."""
    divisor = getattr(quotient, "right", None)
    if not isinstance(divisor, cst.BinaryOperation) or not isinstance(divisor.operator, cst.Add):
        return False
    return any(
        isinstance(one, cst.Integer | cst.Float) and one.evaluated_value >= 1
        for one in (divisor.left, divisor.right)
    )


_OVERLAPS = frozenset({"overlap", SMOOTHED["overlap"]})
_TOTALS = frozenset({"totals", SMOOTHED["totals"]})


def _is_selected_by(value: Tensor, reason: ZeroReason | None) -> bool:
    """Whether a value holds the elements of a mask, and none of them where it has none."""
    return all(term.stage == "elements" for term in value.terms) and any(
        one.kind is OperationKind.SELECTION and one.zero == reason for one in value.operations
    )


def _risky_division(
    run: Interpreter, made: Tensor, left: Value, right: Tensor, node: cst.CSTNode
) -> Tensor:
    # the largest of several is hardly ever as small as zero
    picked = right.picked and right.shape != "maximum"
    probability = right.act in (Act.SOFTMAX, Act.PROB) and picked
    if (
        isinstance(left, Tensor)
        and not left.terms
        and (left.shape == "overlap" or is_area(left))
        and right.shape == "totals"
        and right.zero is None
        and right.marks.isdisjoint({SIGNED, "exp"})
    ):
        regions = left.shape == "overlap"
        text = "both regions can be empty" if regions else "all that is added can be zero"
        reason = ZeroReason(run.place(node), "overlap", text)
        right = right.but(zero=reason)
    if right.sign is Sign.POSITIVE or (right.zero is None and not probability):
        return made
    if isinstance(left, Tensor) and _is_selected_by(left, right.zero):
        return made  # where nothing was selected, nothing is divided
    if right.zero is not None and right.zero.kind in OF_DATA and not (right.grad or right.deps):
        return made  # data is as its author made it
    if right.zero is not None and right.zero.kind == "norm" and RESIDUAL in right.marks:
        return made  # no signal comes out of a network without a rest of noise
    if right.shape == LENGTH and number(left) is not None:
        return made  # a ZeroDivisionError, which nobody overlooks
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
