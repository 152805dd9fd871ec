"""What sums do to the facts about tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.domain.marks import BATCH_MEAN
from losslint.analysis.domain.numbers import number
from losslint.analysis.domain.values import (
    PROBABILITIES,
    Act,
    Const,
    DType,
    Sign,
    TargetKind,
    Tensor,
    Unknown,
    Value,
    ZeroReason,
)
from losslint.analysis.objective import likelihoods, picked_likelihoods
from losslint.analysis.objective.learned_weights import added, alone
from losslint.analysis.objective.terms import (
    OPEN,
    settled,
)
from losslint.analysis.reading.spelling import is_epsilon
from losslint.analysis.tensors.blending import blend, operand
from losslint.analysis.tensors.cosines import NORMS
from losslint.analysis.tensors.cut_offs import of_both
from losslint.analysis.tensors.forms import (
    BOUNDED,
    CAPPED,
    DENSITY,
    ENCLOSURE,
    FEW_EXP,
    LIFTED_SUM,
    MOVED,
    OTHERS,
    OVERDRAWN,
    ROUNDING,
    RUNNING_EXP,
    SCALED_UNIT,
    SMOOTHED,
    TOTALS,
    UNREDUCED,
    ZEROS,
    is_area,
)
from losslint.analysis.tensors.operations import (
    NUDGE,
    guarded_outside,
)
from losslint.analysis.tensors.powers import DENSE
from losslint.analysis.training.detours import with_detours
from losslint.analysis.training.gradient_flow import with_copied_terms

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter

_MARGIN = 10
"""What is moved by so much stays where an exponential and a sigmoid of it are harmless."""
LIMITED = frozenset({"unit", "cosine", BOUNDED, SCALED_UNIT})
"""Forms of values with a limit that a number taken off or added hardly moves."""
_SUMMED_FROM_ZERO = {
    Act.RAW: Act.RAW,
    Act.SIGMOID: Act.PROB,
    Act.SOFTMAX: Act.PROB,
    Act.PROB: Act.PROB,
}
"""What a total that starts with zeros is once values of an activation were added."""
_OF_EXP = frozenset({"exp", "sumexp", FEW_EXP})
_SQUARES = frozenset({"square", "sum-square"})
ABSORBED = 2.0**-25
"""In float32, 1 minus less than this is 1, and so is 1 plus less than twice this."""
SMALL = 0.1
"""What is added to a probability up to this size is a guard, or a small shift."""
CHOSEN = 1e-2
"""From here on it is one that somebody wants probabilities to have, no eps."""


def _is_guard(value: Value) -> bool:
    """Whether adding the value keeps a sum of non-negative terms away from zero."""
    known = number(value)
    return known > 0 if known is not None else isinstance(value, Unknown)


_EPSILON = Const(1e-6)


def _adds_epsilon(node: cst.CSTNode) -> bool:
    """Whether what is added is an epsilon by its name, as an option of the program may be."""
    return isinstance(node, cst.BinaryOperation) and (
        is_epsilon(node.left) or is_epsilon(node.right)
    )


def add(run: Interpreter, left: Value, right: Value, node: cst.CSTNode) -> Tensor:
    """``left + right``."""
    spelled = getattr(node, "right", None)
    if not isinstance(left, Tensor):
        left, right = right, left
        spelled = getattr(node, "left", None)
    if isinstance(right, Unknown) and _adds_epsilon(node):
        right = _EPSILON
    if isinstance(left, Tensor) and number(right) == 0:
        return left
    one, other = operand(left), operand(right)
    both = one.terms and other.terms
    made = joined(run, one, other, node) if both else blend(left, right)
    if bool(one.terms) != bool(other.terms):
        if added(run, one, other):
            made = made.but(marks=made.marks | {OPEN})
    if one.operations and other.operations:
        made = likelihoods.summed(run, made, one, other, node)
    made = picked_likelihoods.summed(run, made, one, other, node)
    made = with_detours(with_copied_terms(made, one, other), one, other)
    made = made.but(sign=_sum_sign(one, other, right), zero=_sum_zero(one, other, right))
    if _are_totals(one, other) or (is_area(one) and is_area(other)):
        one_is = Sign.POSITIVE in (one.sign, other.sign)
        made = made.but(shape="totals", sign=Sign.POSITIVE if one_is else made.sign)
    elif _adds_total(one, right, spelled):
        made = made.but(shape=SMOOTHED["totals"])  # whether that can be zero is not known
    if UNREDUCED in (one.shape, other.shape):
        made = made.but(shape=UNREDUCED)
    if one.dtype is other.dtype is DType.BOOL:
        made = made.but(mask=one.mask or other.mask, dtype=DType.BOOL)
    known = number(right)
    if known is not None and abs(known) <= SMALL:
        made = alone(made, one)
    if known is not None and 0 < abs(known) <= NUDGE and "difference" in made.marks:
        made = made.but(marks=made.marks - {"difference"} | {DENSE})  # not zero where both agree
    if not isinstance(right, Tensor):
        made = guarded_outside(run, made, right, node)
        return _shifted(made, one, right, known)
    if one.shape in _SQUARES and other.shape in _SQUARES:
        made = made.but(shape="sum-square")
    if DENSITY in (one.shape, other.shape) and {one.shape, other.shape} <= {DENSITY, "blank"}:
        made = made.but(shape=DENSITY)
    if one.shape == other.shape == "sumexp":
        made = made.but(shape="sumexp")
    elif one.shape in _OF_EXP and other.shape in _OF_EXP:
        made = made.but(shape=FEW_EXP)
    if one.act is Act.RAW and (other.act is Act.RAW or other.shape == "parameter"):
        return made.but(act=Act.RAW, trail=one.trail)
    if other.act is Act.RAW and one.shape == "parameter":
        return made.but(act=Act.RAW, trail=other.trail)
    if one.act in PROBABILITIES and other.act in PROBABILITIES:
        return made.but(act=Act.PROB, trail=one.trail)
    for zeros, value in ((one, other), (other, one)):
        if zeros.shape == "blank" and value.act in _SUMMED_FROM_ZERO:
            return made.but(act=_SUMMED_FROM_ZERO[value.act], trail=value.trail)
    chosen = likelihoods.probability_of_label(run, node)
    if chosen is not None:
        return made.but(act=Act.PROB, picked=True, sign=chosen.sign, trail=chosen.trail)
    return made


def _are_totals(one: Tensor, other: Tensor) -> bool:
    """Whether both are sums over a whole mask, at most one of them of its squares."""
    if one.shape not in TOTALS:
        one, other = other, one
    return one.shape in TOTALS and other.shape in (*TOTALS, "sum-square")


def _adds_total(one: Tensor, right: Value, node: cst.CSTNode | None) -> bool:
    """Whether the sum over something unknown, as labels are, is added to such a sum."""
    if one.shape not in TOTALS or not isinstance(right, Unknown):
        return False
    if not isinstance(node, cst.Call) or not isinstance(node.func, cst.Attribute):
        return False
    return node.func.attr.value == "sum"


def joined(run: Interpreter, one: Tensor, other: Tensor, node: cst.CSTNode) -> Tensor:
    """A sum or difference in which loss terms meet."""
    run.seen.add_partners(one.terms, other.terms)
    same = one.shape == other.shape  # averages on both sides weigh nothing against each other
    made = blend(one, other) if same else blend(settled(one), settled(other))
    if BATCH_MEAN in made.marks and any(term.stage == "sum" for term in made.terms):
        made = made.but(marks=made.marks - {BATCH_MEAN})
    if one.shape == other.shape == "scaled-sum":
        made = made.but(shape="scaled-sum")
    if made.sums or len({term.family for term in made.terms}) < 2:
        return made
    return made.but(sums=frozenset({run.place(node)}))


def _shifted(made: Tensor, one: Tensor, right: Value, known: float | None) -> Tensor:
    squashed = one.act is Act.TANH and known is not None and abs(known) <= _MARGIN
    if squashed or (one.shape in LIMITED and not isinstance(right, Tensor)):
        made = made.but(shape=BOUNDED)  # moved by a margin
    if one.act is Act.RAW and known is not None:
        return made.but(act=Act.RAW, trail=one.trail)
    if one.act in PROBABILITIES and known is not None and 0 < known <= SMALL:
        return made.but(
            act=one.act,
            picked=one.picked,
            dim=one.dim,
            sign=Sign.POSITIVE,
            trail=one.trail,
            marks=made.marks | {MOVED} if known >= CHOSEN else made.marks,
            shape="nudged" if known <= NUDGE and one.shape in ("", "total") else one.shape,
        )
    if one.shape in SMOOTHED and _is_guard(right):
        return made.but(shape=SMOOTHED[one.shape])
    if one.shape == SMOOTHED["totals"] and _is_guard(right):
        return made.but(shape=one.shape)
    if known is not None and 0 < known <= SMALL and one.shape in _NUDGED:
        return made.but(shape=one.shape, marks=made.marks | {LIFTED_SUM})
    if known == 1 and one.shape == "sumexp":
        return made.but(shape=one.shape, trail=None)  # that is one more exponential, of zero
    if one.shape == ENCLOSURE or (known is not None and one.shape in (CAPPED, OVERDRAWN)):
        return made.but(shape=one.shape)
    if known == 1 and one.shape == "exp":
        return made.but(shape="1+exp")
    if one.target is not TargetKind.UNKNOWN and known == 0:
        return one
    return made


def _is_lost_in_rounding(added: Value) -> bool:
    known = number(added)
    return known is not None and 0 < known < _ROUNDED


_ROUNDED = 1e-6
"""What the sum of some ten thousand float32 that are to add up to one can be beyond it."""
_NUDGED = frozenset(
    {"sumexp", RUNNING_EXP, "1+exp", "cosh", "sum-square", "norm", "shifted", NORMS}
)
"""Forms that stay what they are with an eps added."""


def _sum_sign(one: Tensor, other: Tensor, right: Value) -> Sign:
    signs = (one.sign, other.sign)
    if Sign.UNKNOWN in signs:
        return Sign.UNKNOWN
    return Sign.POSITIVE if Sign.POSITIVE in signs else Sign.NON_NEGATIVE


def _sum_zero(one: Tensor, other: Tensor, right: Value) -> ZeroReason | None:
    if one.zero is not None and one.zero.kind == ROUNDING and _is_lost_in_rounding(right):
        return one.zero
    if _is_guard(right) or Sign.POSITIVE in (one.sign, other.sign):
        return None
    if ZEROS in (one.shape, other.shape):
        return None
    if OTHERS in (one.shape, other.shape) and one.shape != other.shape and one.zero == other.zero:
        return None  # together they are all
    if one.zero is None or other.zero is None:
        return None
    return of_both(one.zero, other.zero)
