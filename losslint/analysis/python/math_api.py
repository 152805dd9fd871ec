"""Numbers of Python's own: what the math module gives, which is never part of a graph."""

from __future__ import annotations

import math

from losslint.analysis.domain.conditions import NUMBER
from losslint.analysis.domain.numbers import number
from losslint.analysis.domain.values import Const, Extern, Unknown, Value
from losslint.analysis.torch_api.registry import Op, extern
from losslint.analysis.torch_api.unknown import call_unknown


@extern(*(f"math.{name}" for name in (
    "sqrt", "exp", "expm1", "log", "log2", "log10", "log1p", "pow", "sin", "cos", "tan", "tanh",
    "atan", "atan2", "hypot", "floor", "ceil", "trunc", "fabs", "radians", "degrees", "erf",
    "lgamma", "gamma", "copysign",
)))  # fmt: skip
def _calculated(op: Op) -> Value:
    made = call_unknown(op.run, Extern(op.name), op.args)
    numbers = [number(one) for one in op.args.all()]
    known = [one for one in numbers if one is not None]
    if known and len(known) == len(numbers) and not op.args.open:
        try:
            return Const(getattr(math, op.name.rpartition(".")[2])(*known))
        except (ArithmeticError, TypeError, ValueError):
            return made
    assert isinstance(made, Unknown)
    return Unknown((NUMBER, id(op.node)), made.deps, made.lost, made.why)
