"""Names to values: locals, enclosing scopes, globals, builtins, and the usual torch aliases."""

from __future__ import annotations

import builtins
import math
from typing import TYPE_CHECKING

from losslint.analysis.domain.values import UNKNOWN, Const, Extern, Unknown, Value

if TYPE_CHECKING:
    import libcst as cst

    from losslint.analysis.domain.scope import Module, Scope
    from losslint.analysis.interpreter import Interpreter

ALIASES = {
    "torch": "torch",
    "nn": "torch.nn",
    "F": "torch.nn.functional",
    "optim": "torch.optim",
}
"""Names that mean torch even in a snippet that imports nothing."""
_BUILTINS = frozenset(dir(builtins))
_CONSTANTS = {
    "True": Const(True),
    "False": Const(False),
    "None": Const(None),
    "Ellipsis": Const(...),
    "__debug__": Const(True),
}


def lookup(run: Interpreter, node: cst.Name) -> Value:
    """The value of a name where it is read."""
    name = node.value
    frame = run.frame
    scope: Scope | None = frame.scope
    first = True
    if name in frame.globals:
        scope = frame.scope.module.scope
    while scope is not None:
        if first or not scope.is_class:
            value = run.heap.get(scope.slots, name)
            if value is not None:
                return value
        first = False
        scope = scope.outer
    if name in _BUILTINS:
        return builtin(name)
    star = run.heap.get(frame.scope.module.slots, STAR)
    if isinstance(star, Extern):
        return Extern(f"{star.name}.{name}")
    if name in ALIASES and star is None:
        return Extern(ALIASES[name], guessed=not _imports_torch(frame.scope.module))
    return Unknown(("name", frame.scope.module.name, name)) if star is None else UNKNOWN


def _imports_torch(module: Module) -> bool:
    """Whether a file imports anything of torch, which then is what an unbound ``torch`` means."""
    return any(
        isinstance(value, Extern) and not value.guessed and value.name.startswith("torch.")
        for value in module.slots.values()
    )


STAR = "<star>"
"""The module slot that remembers ``from torch.something import *``."""


_MOVED = {"torch.functional.F": "torch.nn.functional"}
"""Modules by the names that other modules import them under, which editors complete to."""


_NUMBERS = {
    f"{module}.{name}": Const(getattr(math, name))
    for module in ("math", "numpy", "torch")
    for name in ("pi", "e")
}


def outside(name: str, guessed: bool = False) -> Value:
    """Something outside the project, under the name that it is known by."""
    return _NUMBERS.get(name) or Extern(_MOVED.get(name, name), guessed)


def builtin(name: str) -> Value:
    """The value of a name that Python itself defines."""
    constant = _CONSTANTS.get(name)
    return Extern(f"builtins.{name}") if constant is None else constant
