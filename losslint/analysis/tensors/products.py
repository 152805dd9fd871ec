"""What products do to the facts about tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.domain.conditions import is_label
from losslint.analysis.domain.marks import RESIDUAL
from losslint.analysis.domain.numbers import number
from losslint.analysis.domain.values import (
    LOG_PROBABILITIES,
    PROBABILITIES,
    Act,
    Sign,
    TargetKind,
    Tensor,
    Unknown,
    Value,
)
from losslint.analysis.events import Operation, OperationKind
from losslint.analysis.objective import likelihoods
from losslint.analysis.objective.learned_weights import alone, weighed
from losslint.analysis.objective.picked_likelihoods import picked_by_rows
from losslint.analysis.objective.terms import (
    CROSS_ENTROPY,
    has_named_factor,
    is_cross_entropy,
    note_rows,
    policy_term,
    scaled,
    weigh,
    weighed_by_element,
)
from losslint.analysis.reading.spelling import is_called_mask
from losslint.analysis.reading.views import viewed
from losslint.analysis.tensors import cosines, cut_offs
from losslint.analysis.tensors.blending import blend, operand
from losslint.analysis.tensors.comparisons import is_square
from losslint.analysis.tensors.exponentials import is_mean_of_exponentials
from losslint.analysis.tensors.forms import (
    BOUNDED,
    CHOOSING,
    CLEARED,
    DENSITY,
    ENERGY,
    FALLING,
    FLAGS,
    JOINT,
    NEVER_EMPTY,
    OWN_PRODUCT,
    OWN_PRODUCT_OF_SOFTMAX,
    POSITIONS,
    RAW_EXP,
    ROWS,
    SCALABLE,
    SCALED_UNIT,
    TOTALS,
    UNREDUCED,
    WRITTEN,
    ZEROS,
)
from losslint.analysis.tensors.powers import DENSE, OF_LAYER, square_of_fraction
from losslint.analysis.training.averages import multiplied, taken_back
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
    taken_back(run, node)
    made = scaled(multiplied(blend(left, right), right, node), right)
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
    elif is_mean_of_exponentials(one, right):
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
