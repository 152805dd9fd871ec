"""Parameters that were moved to a device before a module keeps them: tensors, no parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losslint.analysis.domain.marks import STRAY
from losslint.analysis.domain.values import Const, Instance, Tensor, Value
from losslint.analysis.events import StrayParameter
from losslint.analysis.torch_api.registry import group_of

if TYPE_CHECKING:
    import libcst as cst

    from losslint.analysis.interpreter import Interpreter
    from losslint.analysis.torch_api.registry import Op

_HOST = "cpu"


def moved(op: Op, value: Tensor) -> Tensor:
    """What ``parameter.to(device)`` gives: on any device but its own no parameter any more."""
    if value.shape != "parameter" or value.owner is None:
        return value
    if op.name == "to" and any(map(_is_host, op.args.all())):
        return value
    return value.but(marks=value.marks | {STRAY})


def _is_host(device: Value) -> bool:
    return isinstance(device, Const) and device.value == _HOST


def note_stray(
    run: Interpreter, module: Instance, name: str, value: Value, node: cst.CSTNode
) -> None:
    """Tells of a tensor that a module keeps and that was one of its parameters."""
    if not isinstance(value, Tensor) or STRAY not in value.marks or group_of(module) != "module":
        return
    if value.owner == frozenset({module.oid}):
        run.emit(StrayParameter(run.place(node), name))
