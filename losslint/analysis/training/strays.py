"""Parameters that were moved to a device before a module keeps them: tensors, no parameters.

That is so on any device but the one they were made on. A program that names a GPU means to use it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from losslint.analysis.domain.marks import STRAY
from losslint.analysis.domain.values import Const, Instance, Tensor, Unknown, Value, alternatives_of
from losslint.analysis.events import StrayParameter
from losslint.analysis.torch_api.registry import group_of

if TYPE_CHECKING:
    import libcst as cst

    from losslint.analysis.interpreter import Interpreter
    from losslint.analysis.torch_api.registry import Op

_NAMES = ("cuda", "mps", "xpu")
_ACCELERATOR = "accelerator"
"""The first part of the symbol of a device that is a GPU, or may be one."""


def device_of(names: Value, node: cst.CSTNode) -> Unknown:
    """A device by its name, or by one of several: known for a GPU where one of them is that."""
    named = any(_is_accelerator(one.value) for one in alternatives_of(names))
    return Unknown((_ACCELERATOR, id(node)) if named else None)


def moved(op: Op, value: Tensor) -> Tensor:
    """What ``parameter.to(device)`` gives: on any device but its own no parameter any more."""
    if value.shape != "parameter" or value.owner is None:
        return value
    devices = [one.value for given in op.args.all() for one in alternatives_of(given)]
    if op.name == "cuda" or any(map(_is_accelerator, devices)):
        return value.but(marks=value.marks | {STRAY})
    return value


def _is_accelerator(device: Value) -> bool:
    if isinstance(device, Unknown):
        return isinstance(device.key, tuple) and device.key[0] == _ACCELERATOR
    name = device.value if isinstance(device, Const) else None
    return isinstance(name, str) and name.startswith(_NAMES)


def note_stray(
    run: Interpreter, module: Instance, name: str, value: Value, node: cst.CSTNode
) -> None:
    """Tells of a tensor that a module keeps and that was one of its parameters."""
    if not isinstance(value, Tensor) or STRAY not in value.marks or group_of(module) != "module":
        return
    if value.owner == frozenset({module.oid}):
        run.emit(StrayParameter(run.place(node), name))
