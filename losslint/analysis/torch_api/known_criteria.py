"""Which values are criteria of torch, by the module or function that they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.domain.containers import base_kind, kind_of
from losslint.analysis.domain.lookup import find_method
from losslint.analysis.domain.values import Class, Extern, Instance, Tensor, Union, Value
from losslint.analysis.events import CriterionBuilt
from losslint.analysis.objective.criteria import BY_FUNCTION, BY_MODULE, OUTSIDE, Criterion
from losslint.analysis.reading.spelling import dotted

if TYPE_CHECKING:
    from losslint.analysis.domain.arguments import Args
    from losslint.analysis.interpreter import Interpreter


def criterion_of(value: Value) -> Criterion | None:
    """The torch criterion that a callable is, if it is one."""
    if isinstance(value, Extern):
        return _named(value)
    if isinstance(value, Instance):
        if isinstance(value.cls, Class):
            if find_method(value, "forward") or find_method(value, "__call__"):
                return None
            kind = base_kind(value.cls)
        else:
            kind = kind_of(value)
        return _module(kind)
    return None


def _module(kind: str) -> Criterion | None:
    if kind.startswith(("torch.nn.modules.loss.", "torch.nn.")):
        return BY_MODULE.get(kind.rpartition(".")[2])
    return None


def _named(value: Extern) -> Criterion | None:
    name = value.name
    if name in OUTSIDE:
        return OUTSIDE[name]
    space, _, last = name.rpartition(".")
    if space in ("torch.nn.functional", "torch"):
        return BY_FUNCTION.get(last)
    return None


def note_built(run: Interpreter, kind: str, args: Args) -> None:
    """Emits that a criterion was built with tensors, as if it were called."""
    criterion = _module(kind)
    if criterion is not None and any(type(one) is Tensor for one in args.positional):
        spelled = dotted(args.node.func) if isinstance(args.node, cst.Call) else criterion.name
        place = run.place(args.node)
        run.emit(CriterionBuilt(place, criterion, spelled, tuple(args.positional)))


def is_criterion(callee: Value) -> bool:
    """Whether a callable is a torch criterion, on some path at least."""
    if isinstance(callee, Union):
        return any(criterion_of(one.value) is not None for one in callee.alternatives)
    return criterion_of(callee) is not None
