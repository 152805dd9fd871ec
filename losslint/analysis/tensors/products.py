"""What products and ratios do to the facts about tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.domain.conditions import is_label, is_number
from losslint.analysis.domain.marks import RESIDUAL
from losslint.analysis.domain.numbers import number
from losslint.analysis.domain.trail import steps_of
from losslint.analysis.domain.values import (
    LOG_PROBABILITIES,
    PROBABILITIES,
    Act,
    Sign,
    TargetKind,
    Tensor,
    Unknown,
    Value,
    ZeroReason,
)
from losslint.analysis.events import Operation, OperationKind
from losslint.analysis.objective import likelihoods
from losslint.analysis.objective.learned_weights import alone, weighed
from losslint.analysis.objective.picked_likelihoods import picked_by_rows
from losslint.analysis.objective.terms import (
    CROSS_ENTROPY,
    has_named_factor,
    is_cross_entropy,
    normalised,
    note_rows,
    policy_term,
    scaled,
    weigh,
    weighed_by_element,
)
from losslint.analysis.reading.spelling import is_called_mask, is_called_scale
from losslint.analysis.reading.views import viewed
from losslint.analysis.tensors import cosines, cut_offs
from losslint.analysis.tensors.blending import blend, operand
from losslint.analysis.tensors.comparisons import is_square
from losslint.analysis.tensors.exponentials import (
    is_sigmoid,
    same_start,
    sigmoid_by_hand,
    softmax_by_hand,
)
from losslint.analysis.tensors.forms import (
    BOUNDED,
    CHOOSING,
    CLEARED,
    DENSITY,
    ENERGY,
    FALLING,
    FLAGS,
    INDEX,
    JOINT,
    LENGTH,
    LIFTED,
    NEVER_EMPTY,
    OWN_PRODUCT,
    OWN_PRODUCT_OF_SOFTMAX,
    POSITIONS,
    RAW_EXP,
    ROWS,
    SCALABLE,
    SCALED_UNIT,
    SIGNED,
    SMOOTHED,
    STABLE_EXP,
    STABLE_SUM,
    STEEP,
    STRETCHED,
    TOTALS,
    UNREDUCED,
    WITHIN,
    WRITTEN,
    ZEROS,
    is_area,
)
from losslint.analysis.tensors.operations import with_operation
from losslint.analysis.tensors.powers import DENSE, OF_LAYER, square_of_fraction
from losslint.analysis.training.averages import divided, multiplied, shared
from losslint.analysis.training.gradient_flow import as_weight

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter


def multiply(run: Interpreter, left: Value, right: Value, node: cst.CSTNode) -> Tensor:
    """``left * right``."""
    swapped = not isinstance(left, Tensor) or (
        isinstance(right, Tensor) and not left.terms and bool(right.terms)
    )
    if swapped:
        left, right = right, left
    one, other = operand(left), operand(right)
    made = scaled(multiplied(blend(left, right), node), right)
    made = picked_by_rows(weighed_by_element(made, one, other, node, swapped), one, other)
    if isinstance(left, Tensor) and isinstance(right, Tensor):
        made = as_weight(made, left, right)
    if one.terms:
        made = weigh(made, right, named=has_named_factor(node, first=swapped))
        made = weighed(run, made, right, node, swapped)
        note_rows(run, one, right, node, swapped)
    if made.operations:
        entropies = _own_entropy(one, other) | _own_entropy(other, one)
        entropies |= likelihoods.of_own_variable(made, node)
        made = made.but(operations=made.operations - entropies)
        made = likelihoods.weighed(made, one, other, node)
    policy = policy_term(run, one, other, right, node) or policy_term(run, other, one, left, node)
    if policy is not None and not made.terms:
        made = made.but(terms=(policy,))
    elif is_cross_entropy(one, other, right) or is_cross_entropy(other, one, left):
        made = made.but(marks=made.marks | {CROSS_ENTROPY})
    if Sign.UNKNOWN not in (one.sign, other.sign):
        same = one.sign is Sign.POSITIVE and other.sign is Sign.POSITIVE
        made = made.but(sign=Sign.POSITIVE if same else Sign.NON_NEGATIVE)
    if ZEROS in (one.shape, other.shape):
        made = made.but(shape=ZEROS)
    elif one.shape == other.shape == BOUNDED and Sign.UNKNOWN in (one.sign, other.sign):
        made = made.but(shape=BOUNDED)
    elif _is_scaled_by(one, right, other) or _is_scaled_by(other, left, one):
        # by a temperature of the settings, or a learned one
        unit = "unit" in (one.shape, other.shape)
        made = made.but(shape=SCALED_UNIT if unit else BOUNDED)
    elif form := cosines.norms(one, other, right) or cosines.norms(other, one, left):
        made = made.but(shape=form)
    elif DENSITY in (one.shape, other.shape):
        made = made.but(shape=DENSITY)
    elif one.shape in _OF_SQUARES and (number(right) or 0) < 0:
        shape = "non-positive" if RESIDUAL in one.marks else made.shape
        made = made.but(shape=shape, marks=made.marks | {FALLING})
    elif _is_mean(one, right):
        made = made.but(shape=one.shape)
    elif number(right) is None and made.shape != "scaled-sum":
        made = made.but(shape=_shape_of_product(one, other))
        if made.shape == "product" and is_square(node) and square_of_fraction(one):
            made = made.but(shape=square_of_fraction(one), sign=Sign.NON_NEGATIVE)
        elif made.shape == "product" and is_square(node) and _is_vector(one):
            dense = one.shape == "parameter" or one.owner is not None
            marks = made.marks | {DENSE} if dense else made.marks
            marks = marks | {OF_LAYER} if one.act is Act.RAW else marks - {OF_LAYER}
            made = made.but(shape=OWN_PRODUCT, sign=Sign.NON_NEGATIVE, marks=marks)
        elif made.shape == "product" and is_square(node) and one.act is Act.SOFTMAX:
            made = made.but(shape=OWN_PRODUCT_OF_SOFTMAX)
        if made.shape == "exp":
            made = made.but(trail=one.trail or other.trail)
    elif one.shape == "unit" and 1 < abs(number(right) or 0) <= _SCALES[BOUNDED]:
        made = made.but(shape=SCALED_UNIT)
    elif one.shape in FLAGS or 0 < abs(number(right) or 0) <= _SCALES.get(one.shape, 0):
        made = made.but(shape=BOUNDED)
    elif one.shape == "similarity" and (number(right) or 0) < 0:
        pass  # as the logarithm of a deviation is taken in a likelihood; nobody ranks by it
    elif one.shape in TOTALS or one.shape in SCALABLE or one.shape == UNREDUCED:
        made = made.but(shape=one.shape)
    if number(right) is not None:
        made = alone(made, one)
    zero = one.zero or other.zero
    both = one.zero is not None and other.zero is not None
    both |= one.shape == other.shape == "norm"  # either of two lengths
    if zero is not None and (both or number(right) is not None):
        own = number(right) is not None or is_square(node)
        made = made.but(zero=zero if own else cut_offs.passed(zero))
    written = getattr(node, "value" if isinstance(node, cst.AugAssign) else "right", None)
    return _scaled(made, one, other, right, getattr(node, "left", None) if swapped else written)


def _is_scaled_by(limited: Tensor, scale: Value, other: Tensor) -> bool:
    """Whether something that has a limit is multiplied by a number that somebody chose."""
    chosen = isinstance(scale, Unknown) or other.shape in cosines.CHOSEN
    return limited.shape in _SCALES and chosen


def _is_mean(one: Tensor, scale: Value) -> bool:
    """Whether a sum of exponentials is scaled: its logarithm only moves by a number."""
    return one.shape == "sumexp" and is_number(scale) and (number(scale) or 1) > 0


_ENERGIES = frozenset({ENERGY, "sum-square"})


_OF_SQUARES = frozenset({OWN_PRODUCT, "square", "sum-square", "mean-square", ENERGY})


def _is_vector(value: Tensor) -> bool:
    """Whether a value is no mask, no probabilities and no loss, as far as is known."""
    known = value.act in PROBABILITIES or value.terms or value.mask is not None
    return not known and value.sign is Sign.UNKNOWN


_SCALES = {"unit": 1, "cosine": 1, BOUNDED: 50, SCALED_UNIT: 50, POSITIONS: 0.1}
"""By which numbers what is bounded can be multiplied and stay so for an exponential."""


def _shape_of_product(one: Tensor, other: Tensor) -> str:
    if one.shape == other.shape == "unit":
        return "unit-product"
    if one.shape in _ENERGIES and other.shape in _ENERGIES:
        return "sum-square"
    for negative, factor in ((one, other), (other, one)):
        if negative.shape == "non-positive" and factor.sign is not Sign.UNKNOWN:
            return "non-positive"
    masked = (one.shape == "exp" and _clears(other, one)) or (
        other.shape == "exp" and _clears(one, other)
    )
    return "exp" if masked else "product"


def _clears(value: Tensor, other: Tensor) -> bool:
    """Whether what is multiplied with a value is left as it is, or set to zero."""
    if value.shape == WRITTEN:
        return RAW_EXP in other.marks
    return value.mask is not None or value.shape == CLEARED


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


def _chooses(value: Value, spelled: cst.CSTNode | None) -> bool:
    """Whether something unknown is of labels, or a mask by its name."""
    if not isinstance(value, Unknown):
        return False
    named = isinstance(spelled, cst.BaseExpression) and is_called_mask(viewed(spelled))
    return named or is_label(value.key)


def _scaled(
    made: Tensor, one: Tensor, other: Tensor, right: Value, spelled: cst.CSTNode | None
) -> Tensor:
    for probabilities, rows in ((one, other), (other, one)):
        if rows.target is TargetKind.ONE_HOT and ROWS in rows.marks and not rows.picked:
            # of rows of a softmax a part can be left, a sigmoid stands for itself
            alone_too = probabilities.act is Act.SIGMOID
            if probabilities.act in CHOOSING and (alone_too or not probabilities.picked):
                form = CHOOSING[probabilities.act]
                return made.but(act=Act.PROB, shape=form, trail=probabilities.trail)
    scalar = not isinstance(right, Tensor)
    if one.act is Act.RAW and (scalar or other.shape == "parameter"):
        return made.but(act=Act.RAW, trail=one.trail)
    if one.act in PROBABILITIES:
        if number(right) == 1:
            return made.but(act=one.act, picked=one.picked, dim=one.dim, trail=one.trail)
        chosen = (
            other.mask is not None or other.target is TargetKind.ONE_HOT or _chooses(right, spelled)
        )
        if other.act in PROBABILITIES and not chosen:
            made = made.but(marks=made.marks | {JOINT})
        if chosen or other.act in PROBABILITIES or number(right) is not None:
            return made.but(act=Act.PROB, trail=one.trail, mask=other.mask)
    for log in (one, other):
        if log.act in LOG_PROBABILITIES:
            return made.but(act=Act.LOG_PROB, picked=log.picked, trail=log.trail)
    if one.mask is not None or other.mask is not None:
        both = one.mask is not None and other.mask is not None
        if not both and Sign.POSITIVE in (one.sign, other.sign) and _keeps_some(one, other):
            return made
        if both or number(right) == 1 or Sign.POSITIVE in (one.sign, other.sign):
            return made.but(mask=one.mask or other.mask, sign=Sign.NON_NEGATIVE)
    return made


def _keeps_some(one: Tensor, other: Tensor) -> bool:
    """Whether one of two values is a mask that always selects something of the other."""
    return any(side.mask is not None and side.shape in NEVER_EMPTY for side in (one, other))


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
    if other.shape == "norm":
        made = made.but(shape="unit")
    own_largest = other.shape == "maximum" and bool(one.deps & other.deps)
    if own_largest or (one.shape == "cosine" and abs(number(right) or 0) > 1):
        made = made.but(shape=BOUNDED)
    elif (one.shape in SCALABLE and (scalar or other.shape == "norm")) or _is_mean(one, right):
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


_OVERLAPS = frozenset({"overlap", SMOOTHED["overlap"]})
_TOTALS = frozenset({"totals", SMOOTHED["totals"]})


def _is_selected_by(value: Tensor, reason: ZeroReason | None) -> bool:
    """Whether a value holds the elements of a mask, and none of them where it has none."""
    return all(term.stage == "elements" for term in value.terms) and any(
        one.kind is OperationKind.SELECTION and one.zero == reason for one in value.operations
    )


_OF_DATA = frozenset({"norm", "range", "distance"})
"""Reasons to be zero that an author who looks at the data can rule out."""


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
    if right.zero is not None and right.zero.kind in _OF_DATA and not (right.grad or right.deps):
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
