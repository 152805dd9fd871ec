"""What differences do to the facts about tensors."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.domain.conditions import has_no_graph, is_maximum, is_option
from losslint.analysis.domain.marks import RESIDUAL, SUBTRACTED_TOO, WRITTEN_MEAN
from losslint.analysis.domain.numbers import number
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
from losslint.analysis.events import Family
from losslint.analysis.objective import likelihoods
from losslint.analysis.objective.learned_weights import alone, subtracted
from losslint.analysis.reading.nodes import children
from losslint.analysis.tensors.blending import blend, operand
from losslint.analysis.tensors.comparisons import is_mirrored
from losslint.analysis.tensors.forms import (
    BETWEEN,
    BOUNDED,
    CAPPED,
    COMPLEMENT,
    ENCLOSURE,
    ENDLESS,
    GAP,
    INDEX,
    LIFTED,
    LOWER,
    OVERDRAWN,
    PAIRS,
    REST,
    ROUNDING,
    RUNNING_SHARE,
    SIGNED,
    SOME,
    STEEP,
    UNION,
    UPPER,
    WITHIN,
    is_area,
)
from losslint.analysis.tensors.powers import DENSE
from losslint.analysis.tensors.spreads import Spread, spread
from losslint.analysis.tensors.sums import ABSORBED, LIMITED, joined
from losslint.analysis.tensors.unions import is_either, is_union_within
from losslint.analysis.training.gradient_flow import with_bare_gradients

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter

_EITHER_SIGN = frozenset({"ratio", "cosine", "scores", "scaled-sum", BETWEEN, BOUNDED})
"""Forms that their negative has too."""
_HALF = 0.5
"""What is taken from a mask to move it to both sides of zero, and more."""


def subtract(run: Interpreter, left: Value, right: Value, node: cst.CSTNode) -> Tensor:
    """``left - right``."""
    one, other = operand(left), operand(right)
    both = one.terms and other.terms
    made = joined(run, one, other, node) if both else blend(left, right)
    if one.operations and other.operations:
        made = likelihoods.summed(run, made, one, other, node)
    made = with_bare_gradients(made, one, other)
    if one.terms or other.terms:
        subtracted(run, one, other)
    if number(left) is not None:
        made = alone(made, other)
    taken = number(right)
    if one.shape == "norm" and taken is not None:
        made = made.but(marks=made.marks - {DENSE})  # some vectors may have just that length
    if taken is not None and taken >= _HALF:
        made = made.but(marks=made.marks | {SIGNED})
    alike = not isinstance(right, Tensor) or other.shape in (*LIMITED, "parameter")
    if one.shape in LIMITED and alike:
        made = made.but(shape=BOUNDED)
    if other.shape in ("maximum", "logsumexp", UPPER) or is_maximum(right):
        shifted = made.but(shape="shifted")
        if one.shape in LIMITED and STEEP not in one.marks:
            shifted = shifted.but(marks=made.marks | {WITHIN})
        if one.act is Act.RAW and other.shape == "maximum":
            return shifted.but(act=Act.RAW, trail=one.trail)
        return shifted
    if one.shape == "shifted":
        return made.but(shape="shifted")
    if isinstance(left, Tensor | Unknown) and isinstance(right, Tensor | Unknown):
        marks = {"difference", RESIDUAL} if _is_residual(left, right) else {"difference"}
        made = made.but(marks=made.marks | marks)
    if number(left) is None and is_mirrored(run, node):
        return made.but(shape="non-positive")
    if is_union_within(node):
        return made.but(shape=UNION, sign=Sign.NON_NEGATIVE)
    if one.shape == "totals" and (other.shape == "overlap" or is_area(other)):
        return made.but(shape="totals", sign=Sign.NON_NEGATIVE)
    if one.shape == "sum-square" and isinstance(right, Tensor):
        reason = ZeroReason(
            run.place(node),
            "distance",
            "the squared distance of two equal points is zero, or just below it by rounding",
        )
        return made.but(zero=reason)
    varied = spread(node, run.frame.body) if one.shape == "mean-square" else None
    if varied is Spread.VARIANCE:
        text = "the variance of equal values is zero, or just below it by rounding"
        return made.but(zero=ZeroReason(run.place(node), "distance", text))
    if varied is Spread.FOCUSED and _is_error(one):
        reason = ZeroReason(
            run.place(node),
            "distance",
            "both terms are zero where all differences are, or just below it by rounding",
        )
        return made.but(zero=reason)
    if number(left) == 1 and other.shape == "cosine-square":
        reason = ZeroReason(
            run.place(node),
            "sine",
            "`1 - x ** 2` is zero where x is one, or just below it by rounding",
        )
        return made.but(zero=reason)
    if number(left) == 1 and other.shape == RUNNING_SHARE:
        reason = ZeroReason(
            run.place(node),
            ROUNDING,
            "a running total of shares ends at one, or up to 1e-6 beyond it by rounding",
        )
        return made.but(zero=reason)
    if one.act in PROBABILITIES and other.act in PROBABILITIES:
        if is_either(node):
            return made.but(act=Act.PROB, sign=Sign.POSITIVE)
        reason = ZeroReason(
            run.place(node), "difference", "the difference of two probabilities can be zero"
        )
        return made.but(zero=reason, shape=BETWEEN)
    if _is_residual(left, right) and any(map(_is_unguarded, (one, other))):
        made = made.but(shape=GAP)
    if number(left) == 1 and other.shape == GAP and other.sign is Sign.NON_NEGATIVE:
        # one where they agree: the probability of the label
        return made.but(act=Act.PROB, picked=True, sign=Sign.NON_NEGATIVE, trail=other.trail)
    lost = _lost_guard(run, number(left), other, node)
    if number(left) == 1 and other.act in PROBABILITIES:
        plain = other.shape in ("", "nudged", "absorbed")
        shape = "one-minus" if other.act is Act.SIGMOID and plain else ""
        # what was scaled and shifted away from zero was shifted away from one as well
        inside = other.shape in LIMITED or (other.act is Act.PROB and other.sign is Sign.POSITIVE)
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
    if (one.shape, other.shape) == (UPPER, LOWER):
        return made.but(shape=ENCLOSURE)
    if other.shape == "minimum" and one.shape != "maximum" and one.deps & other.deps:
        return made.but(shape=LIFTED)
    if one.shape == "maximum" and other.shape == "minimum":
        range_lost = no_range(run, node) if made.grad else None  # data is as its author saw it
        return made.but(sign=Sign.NON_NEGATIVE, zero=range_lost)
    if one.act is Act.RAW and (other.act is Act.RAW or number(right) is not None):
        return made.but(act=Act.RAW, trail=one.trail)
    if number(left) == 1 and other.shape == "cosine":
        return made.but(shape=BOUNDED, sign=Sign.NON_NEGATIVE)
    if number(left) == 1 and other.shape == INDEX:
        return made.but(shape=REST)
    if number(left) == 1 and other.shape == "identity":
        return made.but(shape=SOME, sign=Sign.NON_NEGATIVE)
    if number(left) == 1 and other.mask is not None:
        return made.but(sign=Sign.NON_NEGATIVE, shape=COMPLEMENT)
    if one.shape == PAIRS and other.shape == "identity" and one.mask is not None:
        left_out = replace(one.mask, place=run.place(node), behind=one.mask)
        return made.but(mask=left_out, sign=Sign.NON_NEGATIVE)
    if one.shape in ("trace", BOUNDED, CAPPED, OVERDRAWN) and number(right) is not None:
        return made.but(shape=one.shape)
    if is_option(left) and other.sign is not Sign.UNKNOWN:
        return made.but(
            shape=OVERDRAWN if number(left) is not None and _is_endless(other) else CAPPED
        )
    return made


def no_range(run: Interpreter, node: cst.CSTNode) -> ZeroReason:
    """Why the largest value may be no more than the smallest; a comparison of them has it too."""
    sides = [one for one in children(node) if isinstance(one, cst.BaseExpression)]
    sides += [one.comparator for one in getattr(node, "comparisons", ())]
    key = ("range", *map(cst.Module([]).code_for_node, sides))
    return ZeroReason(run.place(node), "range", "a constant input has no range", key)


def _is_endless(value: Tensor) -> bool:
    """Whether a value is a relu or an exponential of a raw output, as it came from there."""
    return ENDLESS in value.marks and (value.act is Act.RELU or value.shape == "exp")


def _is_error(square: Tensor) -> bool:
    """Whether something squared is a difference, which a perfect prediction takes to zero."""
    return "squared-difference" in square.marks or any(
        term.family is Family.REGRESSION for term in square.terms
    )


def _is_unguarded(value: Tensor) -> bool:
    """Whether a value is a probability that may be zero or one."""
    return value.act in PROBABILITIES and value.sign is not Sign.POSITIVE


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
        text = SUBTRACTED_TOO
    else:
        return None
    return ZeroReason(run.place(node), "epsilon", text)


def _is_residual(left: Value, right: Value) -> bool:
    """Whether one side is data and the other one what a network gave."""
    return any(
        isinstance(output, Tensor)
        and output.grad
        and bool(output.deps)
        and (not data.grad if isinstance(data, Tensor) else _is_data(data))
        for output, data in ((left, right), (right, left))
    )


def _is_data(value: Value) -> bool:
    return isinstance(value, Unknown) and has_no_graph(value)


def negate(value: Tensor) -> Tensor:
    """``-value``."""
    if value.act is Act.RAW:
        return value.but(shape="", sign=Sign.UNKNOWN, zero=None)
    made = alone(blend(value).but(zero=value.zero), value)
    if WRITTEN_MEAN in value.marks:
        made = made.but(marks=made.marks | {WRITTEN_MEAN})
    if value.act in PROBABILITIES:
        return made.but(shape="neg-prob")
    if value.act in LOG_PROBABILITIES:
        return made.but(shape="neg-log-prob", picked=value.picked)
    if value.sign is not Sign.UNKNOWN and value.shape != "scaled-sum":
        return made.but(shape="non-positive")
    return made.but(shape=value.shape if value.shape in _EITHER_SIGN else "")
