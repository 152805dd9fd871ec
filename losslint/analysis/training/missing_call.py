"""Statements that name a method and do nothing: ``optimizer.step`` without its parentheses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from losslint.analysis.domain.arguments import Args
from losslint.analysis.domain.values import Bound, Instance, Method, Union, Unknown, Value
from losslint.analysis.events import MissingCall
from losslint.analysis.reading.spelling import dotted
from losslint.analysis.torch_api.optim import looks_like_optimizer, looks_like_scaler
from losslint.analysis.torch_api.registry import group_of
from losslint.analysis.training.trace import ScalerUpdate

if TYPE_CHECKING:
    import libcst as cst

    from losslint.analysis.interpreter import Interpreter

_METHODS = frozenset({"step", "zero_grad", "backward"})
_SCHEDULER = re.compile(r"sched|lr_", re.IGNORECASE)


def missing_call(run: Interpreter, node: cst.Attribute, value: Value) -> None:
    """Reports a statement that only names a method of the training loop.

    What follows is judged as if it had been called, for that is the one fault here.
    """
    name = node.attr.value
    if name == "update" and looks_like_scaler(dotted(node.value)):
        run.emit(MissingCall(run.place(node), dotted(node)))
        run.act(ScalerUpdate(run.place(node)))
    elif name in _METHODS and _is_method(value, name, dotted(node.value)):
        run.emit(MissingCall(run.place(node), dotted(node)))
        if not _SCHEDULER.search(dotted(node.value)):
            run.call(value, Args(node))


def _is_method(value: Value, name: str, holder: str) -> bool:
    if isinstance(value, Union):
        return all(_is_method(one.value, name, holder) for one in value.alternatives)
    if isinstance(value, Bound):
        return True
    if isinstance(value, Method) and isinstance(value.self, Instance):
        return group_of(value.self) in ("optimizer", "module", "wrapper")
    if isinstance(value, Method) and isinstance(value.self, Unknown) and name == "step":
        return looks_like_optimizer(holder) or bool(_SCHEDULER.search(holder))
    return isinstance(value, Method)
