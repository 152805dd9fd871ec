"""Python's operators on abstract values."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import libcst as cst

from losslint.analysis.domain.arguments import Args
from losslint.analysis.domain.choices import contradict
from losslint.analysis.domain.conditions import (
    DEVIATION,
    NUMBER,
    as_tensor,
    has_no_graph,
    is_comparison,
    is_made_of,
    is_maximum,
    is_number,
    is_result,
    is_square,
)
from losslint.analysis.domain.containers import MAX_ITEMS, elements, is_list, list_of
from losslint.analysis.domain.containers import extend as extend_list
from losslint.analysis.domain.joins import join_alternatives, truth
from losslint.analysis.domain.marks import RESIDUAL
from losslint.analysis.domain.numbers import LARGE, number
from losslint.analysis.domain.sizes import broadcast, paired
from losslint.analysis.domain.strings import MAX_TEXT, beginning_of, percent, put_together
from losslint.analysis.domain.trail import steps_of
from losslint.analysis.domain.values import (
    UNKNOWN,
    Alternative,
    Const,
    DType,
    Params,
    Scale,
    Sign,
    Tensor,
    Tuple,
    Union,
    Unknown,
    Value,
    alternatives_of,
)
from losslint.analysis.events import Operation, OperationKind
from losslint.analysis.objective.watched import written_out
from losslint.analysis.tensors import (
    blending,
    comparisons,
    differences,
    forms,
    products,
    quotients,
    sums,
)
from losslint.analysis.tensors.operations import with_operation
from losslint.analysis.tensors.powers import power
from losslint.analysis.torch_api.optim import together
from losslint.analysis.torch_api.registry import call_function_by_name
from losslint.analysis.torch_api.sizing import sizes_of
from losslint.analysis.training.averages import combined

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter

MAX_PAIRS = 25
_SYMBOLS: dict[type, str] = {
    cst.Add: "+", cst.AddAssign: "+",
    cst.Subtract: "-", cst.SubtractAssign: "-",
    cst.Multiply: "*", cst.MultiplyAssign: "*",
    cst.Divide: "/", cst.DivideAssign: "/",
    cst.FloorDivide: "//", cst.FloorDivideAssign: "//",
    cst.Modulo: "%", cst.ModuloAssign: "%",
    cst.Power: "**", cst.PowerAssign: "**",
    cst.MatrixMultiply: "@", cst.MatrixMultiplyAssign: "@",
    cst.BitAnd: "&", cst.BitAndAssign: "&",
    cst.BitOr: "|", cst.BitOrAssign: "|",
    cst.BitXor: "^", cst.BitXorAssign: "^",
    cst.LeftShift: "<<", cst.LeftShiftAssign: "<<",
    cst.RightShift: ">>", cst.RightShiftAssign: ">>",
}  # fmt: skip
_FOLD: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
}
_TENSOR: dict[str, Callable[[Interpreter, Value, Value, cst.CSTNode], Tensor]] = {
    "+": sums.add,
    "-": differences.subtract,
    "*": products.multiply,
    "/": quotients.divide,
    "**": power,
}


def symbol(node: cst.CSTNode) -> str:
    """The sign of a binary operator or augmented assignment."""
    return _SYMBOLS.get(type(node), "?")


def binary(run: Interpreter, sign: str, left: Value, right: Value, node: cst.CSTNode) -> Value:
    """``left <sign> right``."""
    if not isinstance(left, Union) and not isinstance(right, Union):
        return _binary(run, sign, left, right, node)
    firsts, seconds = alternatives_of(left), alternatives_of(right)
    if len(firsts) * len(seconds) > MAX_PAIRS:
        mixed = blending.blend(*(one.value for one in (*firsts, *seconds)))
        return mixed.but(terms=(), sums=frozenset())  # losses of which no run has all
    return join_alternatives(
        Alternative(
            _binary(run, sign, one.value, two.value, node),
            one.when | two.when,
            one.configs | two.configs,
        )
        for one in firsts
        for two in seconds
        if not contradict(one.when, two.when)
    )


def _binary(run: Interpreter, sign: str, left: Value, right: Value, node: cst.CSTNode) -> Value:
    if isinstance(left, Const) and isinstance(left.value, str) and sign == "%":
        for value in right.items if isinstance(right, Tuple) else (right,):
            written_out(run, value, run.place(node))
        return percent(left.value, right, node)
    if isinstance(left, Tensor) or isinstance(right, Tensor):
        return _of_tensors(run, sign, left, right, node)
    if isinstance(left, Const) and isinstance(right, Const):
        return _fold(sign, left.value, right.value)
    if sign == "+" and (beginning := beginning_of(left)):
        return put_together(beginning, (left, right), node)
    if isinstance(left, Params) or isinstance(right, Params):
        return together(run, (left, right))
    if sign == "+" and (is_list(left) or isinstance(left, Tuple)):
        first, second = elements(run, left), elements(run, right)
        if first is not None and second is not None:
            joined = (*first, *second)
            if len(joined) <= MAX_ITEMS:
                return Tuple(joined) if isinstance(left, Tuple) else run.new_list(joined)

        made = run.new_list()
        extend_list(run, made, left)
        extend_list(run, made, right)
        return made
    if sign == "*" and is_list(left):
        return _repeated(run, left, right)
    if sign == "@":
        return _of_tensors(run, sign, left, right, node)
    result = _of_unknown(run, sign, left, right, node)
    if isinstance(result, Unknown) and (sign in "&|^" or blending.is_of_data((left, right))):
        return replace(result, grad=False)
    return result


def _repeated(run: Interpreter, items: Value, times: Value) -> Value:
    """A list that is put behind itself so many times; of zeros, places for what is computed."""
    known = elements(run, items)
    if not known or all(isinstance(one, Const) and not one.value for one in known):
        return items
    if isinstance(times, Const) and isinstance(times.value, int):
        if len(known) * times.value <= MAX_ITEMS:
            return run.new_list(known * times.value)
    return list_of(run, join_alternatives(map(Alternative, known)))


def _difference(left: Unknown, right: Unknown) -> str:
    """What a difference of two unknown values is called in its symbol."""
    if is_made_of(left, right):
        return DEVIATION
    return RESIDUAL if has_no_graph(left) is not has_no_graph(right) else "-"


def _of_unknown(run: Interpreter, sign: str, left: Value, right: Value, node: cst.CSTNode) -> Value:
    deps = blending.union_deps(blending.deps_of(left), blending.deps_of(right))
    if is_number(left) and is_number(right):
        return Unknown((NUMBER, sign, id(node)), deps, grad=False)
    if isinstance(left, Unknown) and isinstance(right, Unknown):
        if (
            (is_square(left) and is_square(right))
            or (sign == "-" and is_maximum(right))
            or (sign in "&|" and is_comparison(left) and is_comparison(right))
        ):
            return _of_tensors(run, sign, left, right, node)
        if sign == "-" and left.key is not None and right.key is not None:
            return Unknown((_difference(left, right), left.key, right.key), deps)
        if sign == "*" and comparisons.is_square(node):
            base = left.key if left.key is not None else ("value", id(node))
            return Unknown(("**", base, Const(2)), deps)
    if sign in "*/" and isinstance(left, Unknown) and isinstance(right, Unknown):
        for value, factor in ((left, right), (right, left)):
            scales = is_number(factor) and (sign == "*" or factor is right)
            if scales and value.key is not None:
                return Unknown((sign, value.key, factor.key), deps)
    if isinstance(left, Unknown) and isinstance(right, Const):
        if sign == "*" and number(right) == 1 and is_comparison(left):
            return left  # a mask as numbers
        if left.key is not None:
            return Unknown((sign, left.key, right), deps)
        if sign in ("**", "%"):
            return Unknown((sign, ("value", id(node)), right), deps)
    known = [number(one) for one in (left, right) if isinstance(one, Const)]
    if sign in "+*/" and None not in known:
        if all(isinstance(one, Const) or is_result(one) for one in (left, right)):
            return Unknown(("made", id(node)), deps)
    return Unknown(None, deps)


def updated(run: Interpreter, before: Value, made: Value) -> Value:
    """What an augmented assignment leaves of a tensor: it is the same one, with its gradient.

    Where no graph is kept, nothing of how the new numbers were computed belongs to it.
    """
    if not run.no_grad or not isinstance(before, Tensor) or not before.grad:
        return made
    if not isinstance(made, Tensor):
        return made
    return made.but(
        grad=True,
        deps=before.deps,
        operations=before.operations,
        marks=before.marks,
        shape=before.shape,
    )


def _of_tensors(run: Interpreter, sign: str, left: Value, right: Value, node: cst.CSTNode) -> Value:
    left, right = as_tensor(run, left, node) or left, as_tensor(run, right, node) or right
    combine = _TENSOR.get(sign)
    if combine is not None:
        made = combine(run, left, right, node)
        if _is_constant(left, right) or _is_constant(right, left):
            made = made.but(shape="constant")
        made = combined(sign, made, left, right, node)
        made = _sized(run, sign, made, left, right, node)
        return made if not run.no_grad else made.but(grad=False)
    made = blending.blend(left, right)
    if sign == "@":
        return call_function_by_name(run, "matmul", Args(node, [left, right]))
    if sign in ("%", "//") and isinstance(left, Tensor) and left.shape == forms.POSITIONS:
        return made.but(shape=forms.POSITIONS)
    if sign in "&|":
        masks = [v.mask for v in (left, right) if isinstance(v, Tensor) and v.mask is not None]
        if sign == "|":
            made = made.but(zero=comparisons.tested_by_both(left, right))
        if len(masks) > (sign == "|"):  # of either of two, both have to be empty
            return made.but(mask=masks[0], dtype=DType.BOOL, grad=False, sign=Sign.NON_NEGATIVE)
    return made


def _is_constant(value: Value, number: Value) -> bool:
    """Whether one value fills a tensor, and the other one is a number."""
    fills = type(value) is Tensor and value.shape in ("constant", "blank")
    return fills and not isinstance(number, Tensor)


def _sized(
    run: Interpreter, sign: str, made: Tensor, left: Value, right: Value, node: cst.CSTNode
) -> Tensor:
    """The result with its sizes, which may be those of all pairs."""
    one, other = sizes_of(left), sizes_of(right)
    sizes = broadcast(one, other)
    if sizes != made.sizes:
        made = made.but(sizes=sizes)
    if not made.grad and not made.deps and sign in "+*":
        scale = _scale(run, sign, left, right, node)
        return made if scale is None else made.but(scale=scale)
    if not made.grad or not isinstance(left, Tensor) or not isinstance(right, Tensor):
        return made
    if sign == "+" and Sign.UNKNOWN not in (left.sign, right.sign):
        return made  # the distances between all pairs begin with the squares of both sides
    column = "left"
    if paired(other, one):
        left, right, column = right, left, "right"
    elif not paired(one, other):
        return made
    trail = (*steps_of(left.trail), *steps_of(right.trail))
    operation = Operation(
        OperationKind.PAIRING,
        run.place(node),
        sign,
        left,
        right,
        trail,
        run.repeats(),
        part=getattr(node, column, None),
    )
    return with_operation(run, made, operation)


def _scale(
    run: Interpreter, sign: str, left: Value, right: Value, node: cst.CSTNode
) -> Scale | None:
    """The scale of data times or plus something."""
    known = [one.scale for one in (left, right) if isinstance(one, Tensor) and one.scale]
    numbers = [abs(one) for one in (number(left), number(right)) if one is not None]
    before = max(known, key=lambda one: one.size, default=None)
    if not numbers:
        return before if sign == "+" else None
    size = numbers[0]
    if before is not None:
        size = size * before.size if sign == "*" else max(size, before.size)
    if size < LARGE:
        return None
    return Scale(size, before.place if before is not None else run.place(node))


def _fold(sign: str, left: Any, right: Any) -> Value:
    combine = _FOLD.get(sign)
    plain = (int, float, str)
    if combine is None or not isinstance(left, plain) or not isinstance(right, plain):
        return UNKNOWN
    if isinstance(left, str) and sign != "+":
        return UNKNOWN
    if isinstance(right, str) and not isinstance(left, str):
        return UNKNOWN
    if isinstance(left, str) and isinstance(right, str) and len(left) + len(right) > MAX_TEXT:
        return UNKNOWN
    try:
        made = combine(left, right)
    except (ArithmeticError, TypeError, ValueError):
        return UNKNOWN
    if isinstance(made, int) and made.bit_length() > MAX_TEXT:
        return UNKNOWN
    return Const(made)


def unary(run: Interpreter, sign: cst.BaseUnaryOp, value: Value, node: cst.CSTNode) -> Value:
    """``-value``, ``not value``, ``~value``, ``+value``."""
    if isinstance(sign, cst.Not):
        run.seen.guard(value)
        certain = truth(value)
        if certain is not None:
            return Const(not certain)
        if isinstance(value, Unknown) and value.key is not None:
            return Unknown(("not", value.key))
        return UNKNOWN
    if isinstance(value, Union):
        return join_alternatives(
            Alternative(unary(run, sign, one.value, node), one.when, one.configs)
            for one in value.alternatives
        )
    if isinstance(value, Tensor):
        if isinstance(sign, cst.Minus):
            return differences.negate(value).but(sizes=value.sizes)
        if isinstance(sign, cst.BitInvert) and value.mask is not None:
            return comparisons.others_than(run, value, node)
        if isinstance(sign, cst.Plus):
            return value
        return blending.blend(value).but(sizes=value.sizes)
    if isinstance(value, Const) and isinstance(value.value, int | float):
        if isinstance(sign, cst.Minus):
            return Const(-value.value)
        if isinstance(sign, cst.Plus):
            return value
    if isinstance(value, Unknown) and is_number(value):
        return Unknown((NUMBER, type(sign).__name__, value.key), value.deps, grad=False)
    return Unknown(None, blending.deps_of(value), grad=not blending.is_of_data((value,)))
