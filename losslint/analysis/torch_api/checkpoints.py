"""Models that are read from a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.domain.values import Extern, Instance, Unknown, Value, alternatives_of
from losslint.analysis.torch_api.registry import group_of

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter


def loaded_over(run: Interpreter, statement: cst.Assign, value: Value) -> Value:
    """The value that is assigned; a file that is loaded over a model has one of the same kind."""
    call, target = statement.value, statement.targets[0].target
    if not isinstance(value, Unknown) or not isinstance(call, cst.Call):
        return value
    if not isinstance(target, cst.Name | cst.Attribute):
        return value
    if run.eval(call.func) != Extern("torch.load"):
        return value
    before = run.eval(target)
    models = [one.value for one in alternatives_of(before)]
    if all(isinstance(one, Instance) and group_of(one) == "module" for one in models):
        return before
    return value
