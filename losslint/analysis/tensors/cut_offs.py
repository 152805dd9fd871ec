"""Zeros of a relu, at which its own backward stops whatever gradient comes.

It selects: where its output is zero it gives zero on, also of an infinite gradient or of NaN. So
the root of the squares of a relu does no harm, unless what is no such zero has a gradient too.
"""

from __future__ import annotations

from dataclasses import replace

from losslint.analysis.domain.values import PROBABILITIES, Tensor, ZeroReason

RELU = "relu"
"""The kind of reason why the output of a relu can be zero."""
_IN_PART = "relu in part"
"""The kind of reason where something else is zero as well, or is not and has a gradient too."""


def stops(reason: ZeroReason | None) -> bool:
    """Whether all of a gradient at a zero ends at the relu that the zero comes from."""
    return reason is not None and reason.kind == RELU


def passed(reason: ZeroReason | None) -> ZeroReason | None:
    """The reason where a gradient has other ways too than to the elements that are zero."""
    return replace(reason, kind=_IN_PART) if reason is not None and stops(reason) else reason


DROPPED = "dropped out"
"""The mark of probabilities of which some were set to zero at random."""


def dropped(value: Tensor) -> Tensor:
    """A tensor of whose elements a dropout set some to zero."""
    value = let_through(value)
    return value.but(marks=value.marks | {DROPPED}) if value.act in PROBABILITIES else value


def let_through(value: Tensor) -> Tensor:
    """A tensor whose zeros are not all those of the relu that it came from."""
    return value.but(zero=passed(value.zero)) if stops(value.zero) else value


def of_both(one: ZeroReason, other: ZeroReason) -> ZeroReason:
    """Why a sum of values that are never negative can be zero: all of them are.

    What says that one of two masks is not empty says it of both.
    """
    first, second = (other, one) if stops(one) else (one, other)
    if first.kind == second.kind == "mask" and first.behind is None and first != second:
        return replace(first, behind=replace(second, behind=None))
    return first
