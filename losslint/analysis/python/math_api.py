"""Numbers of Python's own, which are no part of a graph: of math, and the limits of floats."""

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
    return Unknown((NUMBER, id(op.node)), made.deps, made.lost, made.why, grad=False)


@extern("torch.finfo", "numpy.finfo")
def _limits(op: Op) -> Value:
    made = op.run.new_instance(Extern(op.name))
    given = op.given(0, "type", "dtype")
    kind = given.name if isinstance(given, Extern) else ""
    if given is None and op.name == "torch.finfo":
        kind = "torch.float32"
    known = _FLOATS.get(kind.replace("numpy.", "torch."), (None,) * 3)
    for name, value in zip(("eps", "tiny", "max"), known, strict=True):
        unknown = Unknown((NUMBER, id(op.node), name), grad=False)
        op.run.heap.set(made.slots, name, unknown if value is None else Const(value))
    lowest = (
        Unknown((NUMBER, id(op.node), "min"), grad=False) if known[2] is None else Const(-known[2])
    )
    op.run.heap.set(made.slots, "min", lowest)
    return made


_SINGLE = (2.0**-23, 2.0**-126, (2 - 2.0**-23) * 2.0**127)
_DOUBLE = (2.0**-52, 2.0**-1022, (2 - 2.0**-52) * 2.0**1023)
_HALF = (2.0**-10, 2.0**-14, 65504.0)
_FLOATS: dict[str, tuple[float | None, ...]] = {
    "torch.float": _SINGLE, "torch.float32": _SINGLE,
    "torch.double": _DOUBLE, "torch.float64": _DOUBLE, "builtins.float": _DOUBLE,
    "torch.half": _HALF, "torch.float16": _HALF,
    "torch.bfloat16": (2.0**-7, 2.0**-126, (2 - 2.0**-7) * 2.0**127),
}  # fmt: skip
"""The smallest step from one, the smallest normal number and the largest, by the kind of float."""
