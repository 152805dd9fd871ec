"""Functions of torch that limit each element, or choose it of two: clamps and where."""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from losslint.analysis.domain.numbers import number
from losslint.analysis.domain.trail import extend
from losslint.analysis.domain.values import (
    PROBABILITIES,
    Act,
    Const,
    DType,
    Sign,
    Tensor,
    Tuple,
    Value,
    ZeroReason,
)
from losslint.analysis.events import Operation, OperationKind
from losslint.analysis.reading.nodes import same
from losslint.analysis.reading.spelling import is_epsilon
from losslint.analysis.tensors import operations
from losslint.analysis.tensors.blending import blend
from losslint.analysis.tensors.cosines import NORMS
from losslint.analysis.tensors.forms import (
    BOTH_CLASSES,
    BOUNDED,
    ENCLOSURE,
    both_classes,
    floor_in_sight,
)
from losslint.analysis.tensors.sums import ABSORBED, CHOSEN
from losslint.analysis.torch_api.registry import Op, function
from losslint.analysis.torch_api.shaping import positions


@function("clamp", "clip", "clamp_min", "clamp_max")
def _clamp(op: Op) -> Value:
    given = op.tensor()
    low: Value | None = op.given(1, "min")
    if op.name == "clamp_max":
        low = None
    bound = number(low) if low is not None else None
    opened = op.args.open or (low is not None and not isinstance(low, Const))
    raised = (bound is not None and bound > 0) or opened
    capped = op.args.open or op.name == "clamp_max" or op.given(2, "max") is not None
    cap = number(op.arg(1 if op.name == "clamp_max" else 2, "max"))
    limit = _limit(cap) if capped else ""
    beyond = cap is not None and cap > 1 and given.shape == "cosine"
    kept = given.shape in ("ratio", "one-minus", "norm", NORMS) or beyond
    if limit == "up-to-one" and _is_below_one(op):
        limit = "absorbed"
    made = given.but(
        sign=Sign.POSITIVE if raised else given.sign,
        zero=None if raised else given.zero,
        shape=given.shape if kept and limit != "absorbed" else limit,
        owner=None,
    )
    if bound == 0 and given.sign is not Sign.POSITIVE:
        made = made.but(sign=Sign.NON_NEGATIVE)
        # data is as its author made it
        if given.zero is None and (given.grad or given.deps) and given.shape != ENCLOSURE:
            text = "what is clamped at zero can be zero"
            made = made.but(zero=ZeroReason(op.run.place(op.node), "clamp", text))
    if given.act is Act.RAW and not capped and bound is not None and 0 <= bound < _LITTLE:
        trail = extend(None, op.run.place(op.node), "cut off here, as by a relu")
        return made.but(act=Act.RELU, trail=trail)
    if given.act in PROBABILITIES and bound is not None and bound >= CHOSEN:
        return made.but(marks=made.marks | {floor_in_sight(op.run)})
    if given.act in (Act.RAW, Act.TANH, Act.RELU):
        return made.but(act=given.act if given.act is Act.RAW and bound is None else Act.UNKNOWN)
    return made


_LITTLE = 1e-3
"""Below it a bound is there to keep something from zero, and cuts off as much as zero does."""


def _limit(cap: float | None) -> str:
    """The form of a value below a cap: ``absorbed`` where the cap is one but for rounding."""
    if cap is None or cap > 1 or cap < 1 - ABSORBED:
        return BOUNDED
    return "up-to-one" if cap == 1 else "absorbed"


def _is_below_one(op: Op) -> bool:
    """Whether a cap of one is spelled as one minus something, of which nothing is left."""
    arguments = op.node.args if isinstance(op.node, cst.Call) else ()
    return any(
        isinstance(one.value, cst.BinaryOperation)
        and isinstance(one.value.operator, cst.Subtract)
        and number(op.run.eval(one.value)) == 1
        for one in arguments
    )


@function("where")
def _where(op: Op) -> Value:
    test = op.given(0, "condition")
    if len(op.args.positional) == 1:
        return Tuple((positions(op, op.tensor(0, "condition")),))
    one, other = op.arg(1, "input", "x"), op.arg(2, "other", "y")
    tensors = [value for value in (one, other) if isinstance(value, Tensor)]
    divided = _unselected(op, test, one, other)
    if test is not None:
        op.run.seen.guard(test)
    if divided is not None:
        return operations.with_operation(op.run, blend(one, other), divided)
    if len(tensors) == 2 and tensors[0].act is tensors[1].act:
        return tensors[0].but(
            picked=True,
            operations=tensors[0].operations | tensors[1].operations,
            deps=tensors[0].deps | tensors[1].deps,
            grad=tensors[0].grad or tensors[1].grad,
            dtype=tensors[0].dtype if tensors[0].dtype is tensors[1].dtype else DType.UNKNOWN,
            sign=tensors[0].sign if tensors[0].sign is tensors[1].sign else Sign.UNKNOWN,
            zero=None,
            shape=tensors[0].shape if tensors[0].shape == tensors[1].shape else "",
        )
    if len(tensors) == 2 and all(value.act in PROBABILITIES for value in tensors):
        guarded = any(value.sign is Sign.POSITIVE for value in tensors)
        sign = Sign.POSITIVE if guarded else Sign.NON_NEGATIVE
        made = blend(one, other).but(act=Act.PROB, picked=True, trail=tensors[0].trail, sign=sign)
        return made.but(shape=BOTH_CLASSES) if guarded and both_classes(tensors) else made
    return blend(one, other)


def _unselected(op: Op, test: Value | None, *branches: Value) -> Operation | None:
    """A division in a branch, by what the condition tests: it runs where it is not selected too."""
    if isinstance(test, Tensor):
        tested = {reason for reason in (test.zero, test.mask) if reason is not None}
        for branch in branches:
            for one in branch.operations if isinstance(branch, Tensor) else ():
                flows = one.operand.grad or (one.other is not None and one.other.grad)
                guarded = one.zero in op.run.seen.guarded  # by a test in front of the division
                if one.kind is OperationKind.DIVISION and one.zero in tested and flows:
                    return None if guarded else replace(one, kind=OperationKind.UNSELECTED)
    return _divided_by_tested(op, branches)


def _is_floor(node: cst.BaseExpression) -> bool:
    """Whether an expression is a number or an eps."""
    return isinstance(node, cst.Integer | cst.Float) or is_epsilon(node)


def _divided_by_tested(op: Op, branches: tuple[Value, ...]) -> Operation | None:
    """The same, of a divisor that nothing is known of but that the condition compares it."""
    arguments = op.node.args if isinstance(op.node, cst.Call) else ()
    if len(arguments) != 3 or not isinstance(arguments[0].value, cst.Comparison):
        return None
    compared = arguments[0].value
    sides = (compared.left, *(target.comparator for target in compared.comparisons))
    if not any(_is_floor(side) for side in sides):
        return None  # between two that vary, such as an error and the bend of a Huber loss
    for argument, branch in zip(arguments[1:], branches, strict=True):
        quotient = argument.value
        if not isinstance(quotient, cst.BinaryOperation):
            continue
        divisor = quotient.right
        if not isinstance(quotient.operator, cst.Divide) or not isinstance(divisor, cst.Name):
            continue
        flows = branch.grad if isinstance(branch, Tensor) else op.run.repeats()
        if not flows or not any(same(side, divisor) for side in sides):
            continue
        value = op.run.eval(divisor)
        if isinstance(value, Const) or (isinstance(value, Tensor) and value.sign is Sign.POSITIVE):
            continue
        place = op.run.place(quotient)
        given = value if isinstance(value, Tensor) else Tensor()
        return Operation(OperationKind.UNSELECTED, place, "/", given, repeated=op.run.repeats())
    return None
