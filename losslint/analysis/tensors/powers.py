"""Powers and roots of tensors."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.domain.conditions import is_difference
from losslint.analysis.domain.numbers import number
from losslint.analysis.domain.trail import steps_of
from losslint.analysis.domain.values import Act, Sign, Tensor, Value, ZeroReason
from losslint.analysis.events import Family, Operation, OperationKind
from losslint.analysis.objective.learned_weights import alone
from losslint.analysis.reading.spelling import dotted
from losslint.analysis.tensors.blending import blend, operand
from losslint.analysis.tensors.cut_offs import stops
from losslint.analysis.tensors.forms import ENERGY, FILLED, NOISE, REST
from losslint.analysis.tensors.operations import for_what_comes, with_operation

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter

OF_LAYER = "squares of a layer's output"
"""The mark of squares of what an affine layer gives, which a whole batch has hardly all of zero."""
DENSE = "dense"
"""Marks parameters and gradients: as vectors they are hardly ever zero."""


_UP_TO_ONE = frozenset({"cosine", "up-to-one"})
"""Forms of values that are not above one, and can be one."""


def square_of_fraction(value: Tensor) -> str:
    """The form of the square of what is at most one, and gets there: empty for other values.

    A tanh is one in float32 from 9 on.
    """
    if value.shape == "absorbed":
        return "absorbed"
    return "cosine-square" if value.shape in _UP_TO_ONE or value.act is Act.TANH else ""


def power(run: Interpreter, base: Value, exponent: Value, node: cst.CSTNode) -> Tensor:
    """``base ** exponent``."""
    one = operand(base)
    made = blend(base, exponent)
    known = number(exponent)
    if known is not None:
        made = alone(made, one)
    if known == 0.5:
        return root(run, one, node, "** 0.5")
    if known is not None and known > 0 and known % 2 == 0:
        marks = made.marks - {"log", OF_LAYER} | {"square"}
        if one.shape in ("parameter", FILLED) or one.owner is not None:
            marks |= {DENSE}
        if one.act is Act.RAW:
            marks |= {OF_LAYER}
        if "difference" in marks or is_difference(base):
            marks |= {"difference", "squared-difference"}
        shape = square_of_fraction(one) or "square"
        if shape == "square" and _is_called_cosine(one, node):
            shape = "cosine-square"
        sign = Sign.POSITIVE if one.sign is Sign.POSITIVE else Sign.NON_NEGATIVE
        return made.but(sign=sign, shape=shape, zero=one.zero, marks=marks)
    if known is not None and known % 1 != 0:
        reason = _vanishing(run, one, node) if one.shape == REST else one.zero
        risky = reason is not None and 0 < known < 1 and not stops(reason)
        why = reason.text if reason is not None and risky else None
        if one.act is Act.RAW:
            why = "a raw output can be negative"
        if why is not None:
            made = out_of_domain(run, made, one, node, f"** {known:g}", why)
    if known is None and one.sign is not Sign.UNKNOWN:
        return made.but(sign=Sign.NON_NEGATIVE, shape="power")
    return made.but(
        sign=one.sign if known is not None and known > 0 else Sign.UNKNOWN, shape="power"
    )


_COSINE = re.compile(r"(^|_)cos(ine)?s?(_|$)|cosine", re.IGNORECASE)


def _is_called_cosine(value: Tensor, square: cst.CSTNode) -> bool:
    """Whether what is squared is a cosine by its name, and nothing else is known of it."""
    base = square.left if isinstance(square, cst.BinaryOperation) else None
    if isinstance(square, cst.Call) and isinstance(square.func, cst.Attribute):
        in_torch = dotted(square.func.value) == "torch"
        base = square.args[0].value if in_torch and square.args else square.func.value
    if (
        not isinstance(base, cst.Name | cst.Attribute)
        or value.shape
        or value.act is not Act.UNKNOWN
    ):
        return False
    return _COSINE.search(dotted(base).rpartition(".")[2]) is not None


def out_of_domain(
    run: Interpreter, made: Tensor, given: Tensor, node: cst.CSTNode, function: str, why: str
) -> Tensor:
    """The result of a function whose argument can be at the end of its domain, or outside."""
    if not given.grad:
        return made
    kind = "epsilon" if given.shape == "absorbed" else "domain"
    operation = Operation(
        OperationKind.DOMAIN,
        run.place(node),
        function,
        given.but(zero=ZeroReason(run.place(node), kind, why)),
        None,
        steps_of(given.trail),
        run.repeats(),
    )
    return with_operation(run, made, operation)


def root(run: Interpreter, value: Tensor, node: cst.CSTNode, function: str = "sqrt") -> Tensor:
    """The square root of a tensor."""
    value = for_what_comes(run, value, node)
    made = blend(value)
    shape = "norm" if value.shape == "sum-square" else ""
    if value.sign is Sign.POSITIVE:
        return made.but(sign=Sign.POSITIVE, shape=shape)
    reason = _vanishing(run, value, node)
    risky = (reason is not None and not stops(reason)) or value.act is Act.RAW
    if value.grad and risky:
        operation = Operation(
            OperationKind.ROOT,
            run.place(node),
            function,
            value.but(zero=reason),
            None,
            steps_of(value.trail),
            run.repeats(),
        )
        made = with_operation(run, made, operation)
    return made.but(sign=Sign.NON_NEGATIVE, zero=reason, shape=shape)


def _vanishing(run: Interpreter, value: Tensor, node: cst.CSTNode) -> ZeroReason | None:
    """Why a value can be zero under a root, where there is a reason."""
    if value.zero is not None:
        return value.zero
    if value.shape in ("sum-square", "mean-square", "square", ENERGY):
        # data is as its author made it
        if "squared-difference" in value.marks:
            text = "the squared distance of two equal points is zero"
            return ZeroReason(run.place(node), "norm", text)
        random = NOISE in value.marks and value.marks.isdisjoint(("difference", OF_LAYER))
        if random or DENSE in value.marks or not (value.grad or value.deps):
            return None
        if OF_LAYER in value.marks and value.sizes == () and value.shape == "sum-square":
            return None
        if value.shape == "mean-square":
            if "difference" not in value.marks:
                return None  # the mean of many squares is zero for a perfect fit, and hardly else
            text = "the mean of squares is zero where all are, as the error of a perfect fit is"
            return ZeroReason(run.place(node), "norm", text)
        if value.shape == "square":
            return ZeroReason(run.place(node), "norm", "what is squared can be zero")
        return ZeroReason(run.place(node), "norm", "the norm of a zero vector is zero")
    if value.shape == REST:
        return ZeroReason(
            run.place(node), "index", "where prediction and label agree the index is one"
        )
    if value.sign is not Sign.NON_NEGATIVE or not value.terms:
        return None
    if all(one.family is Family.DIVERGENCE for one in value.terms):
        text = "the divergence of two equal distributions is zero, or just below it by rounding"
        return ZeroReason(run.place(node), "distance", text)
    if len(value.terms) == 1 and value.terms[0].family is Family.REGRESSION:
        return ZeroReason(run.place(node), "error", "the error of a perfect prediction is zero")
    return None
