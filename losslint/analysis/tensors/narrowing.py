"""What the outcome of a test says of the values that it tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.domain.joins import truth
from losslint.analysis.domain.numbers import number
from losslint.analysis.domain.values import (
    Alternative,
    Class,
    DType,
    Extern,
    Function,
    Instance,
    Sign,
    Tensor,
    Union,
    Unknown,
    ZeroReason,
)
from losslint.analysis.reading.nodes import walk
from losslint.analysis.reading.spelling import dotted

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter

_SAME = (cst.Is, cst.Equal)
_OBJECTS = (Class, Extern, Function, Instance)


def narrow(run: Interpreter, test: cst.BaseExpression) -> None:
    """Gives variables what is known of them where a test succeeded.

    ``x.dtype is torch.bool``: x is a mask. ``"GAN" in model.name``: model is one of those of its
    objects for which that can be. ``isinstance(loss, MSELoss)``: loss is none of another class.
    """
    _keep_kind(run, test, True)
    if not isinstance(test, cst.Comparison) or len(test.comparisons) != 1:
        return
    asked, comparison = test.left, test.comparisons[0]
    _keep_same(run, test, True)
    _note_above(run, test)
    for side in (asked, comparison.comparator):
        if isinstance(side, cst.Attribute) and isinstance(side.value, cst.Name):
            _keep_possible(run, test, side.value)
    if (
        isinstance(asked, cst.Attribute)
        and asked.attr.value == "dtype"
        and isinstance(asked.value, cst.Name)
        and isinstance(comparison.operator, _SAME)
        and run.eval(comparison.comparator) == Extern("torch.bool")
    ):
        value = run.eval(asked.value)
        if isinstance(value, Unknown):
            reason = ZeroReason(run.place(test), "mask", "a mask may select nothing", value.key)
            mask = Tensor(
                mask=reason, sign=Sign.NON_NEGATIVE, dtype=DType.BOOL, grad=False, deps=value.deps
            )
            run.assign(asked.value, mask)


def _note_above(run: Interpreter, test: cst.Comparison) -> None:
    """Notes a variable that, or an element of which, is seen to be above a number, or not zero."""
    lower, upper = test.comparisons[0].comparator, test.left
    sign = test.comparisons[0].operator
    # an element that is zero is left out there, or treated by itself
    told_apart = isinstance(sign, cst.Equal | cst.NotEqual) and isinstance(upper, cst.Subscript)
    if isinstance(sign, cst.LessThan | cst.LessThanEqual):
        lower, upper = upper, lower
    elif not told_apart and not isinstance(sign, cst.GreaterThan | cst.GreaterThanEqual):
        return
    bound = number(run.eval(lower))
    while isinstance(upper, cst.Subscript):
        upper = upper.value
    strict = told_apart or isinstance(sign, cst.GreaterThan | cst.LessThan)
    above = bound is not None and ((bound > 0 and not told_apart) or (strict and bound == 0))
    if isinstance(upper, cst.Name) and above:
        if isinstance(run.eval(upper), Tensor):
            run.seen.compared.add((run.frame.function, upper.value))


def narrow_otherwise(run: Interpreter, test: cst.BaseExpression) -> None:
    """The same, where a test failed."""
    _keep_kind(run, test, False)
    if isinstance(test, cst.Comparison) and len(test.comparisons) == 1:
        _keep_same(run, test, False)


def _keep_same(run: Interpreter, test: cst.Comparison, outcome: bool) -> None:
    """Leaves what is compared with an object those alternatives that are it, or that are not."""
    asked, comparison = test.left, test.comparisons[0]
    if not isinstance(asked, cst.Name | cst.Attribute):
        return
    if not isinstance(comparison.operator, (*_SAME, cst.IsNot, cst.NotEqual)):
        return
    value = run.eval(asked)
    if not isinstance(value, Union):
        return
    wanted = run.eval(comparison.comparator)
    if not isinstance(wanted, _OBJECTS):
        return
    alike = outcome is isinstance(comparison.operator, _SAME)
    kept = [
        one
        for one in value.alternatives
        if isinstance(one.value, Unknown) or (one.value == wanted) is alike
    ]
    if 0 < len(kept) < len(value.alternatives):
        run.assign(asked, Union(tuple(kept)) if len(kept) > 1 else kept[0].value)


def _keep_kind(run: Interpreter, test: cst.BaseExpression, outcome: bool) -> None:
    """Leaves what is asked for its class those alternatives for which that can come out so."""
    while isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
        test, outcome = test.expression, not outcome
    if not isinstance(test, cst.Call) or dotted(test.func) != "isinstance" or not test.args:
        return
    asked = test.args[0].value
    if not isinstance(asked, cst.Name | cst.Attribute):
        return
    value = run.eval(asked)
    if isinstance(value, Union):
        kept = _possible(run, test, asked, value, outcome)
        if 0 < len(kept) < len(value.alternatives):
            run.assign(asked, Union(tuple(kept)) if len(kept) > 1 else kept[0].value)


def _possible(
    run: Interpreter,
    test: cst.BaseExpression,
    asked: cst.Name | cst.Attribute,
    value: Union,
    outcome: bool,
) -> list[Alternative]:
    """The alternatives of what a test asks for, for which it can have this outcome."""
    kept = []
    for one in value.alternatives:
        mark = run.heap.mark()
        run.assign(asked, one.value)
        if truth(run.eval(test)) in (outcome, None):
            kept.append(one)
        run.heap.roll_back(mark)
    return kept


def _keep_possible(run: Interpreter, test: cst.Comparison, name: cst.Name) -> None:
    """Leaves a variable those of its objects for which a test of an attribute can succeed."""
    value = run.eval(name)
    if not isinstance(value, Union) or any(isinstance(one, cst.Call) for one in walk(test)):
        return
    if not all(isinstance(one.value, Instance) for one in value.alternatives):
        return
    kept = _possible(run, test, name, value, True)
    if 0 < len(kept) < len(value.alternatives):
        run.assign(name, Union(tuple(kept)) if len(kept) > 1 else kept[0].value)
