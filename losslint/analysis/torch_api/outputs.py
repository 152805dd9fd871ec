"""Fields of what libraries around torch return, by name and position."""

from __future__ import annotations

from losslint.analysis.domain.values import (
    UNKNOWN,
    Const,
    Extern,
    Instance,
    Unknown,
    Value,
)
from losslint.analysis.interpreter import Interpreter
from losslint.analysis.torch_api.distributions import parameter_of
from losslint.analysis.torch_api.pretrained import layer_of
from losslint.analysis.torch_api.registry import group_of


def output_field(run: Interpreter, value: Instance, name: str) -> Value | None:
    """A field of a model's output, or a layer of an outside model, that was never assigned."""
    if not isinstance(value.cls, Extern):
        return None
    layer = layer_of(run, value, name)
    if layer is not None:
        return layer
    if group_of(value) == "distribution":
        return parameter_of(run, value, name)
    return None


def output_item(run: Interpreter, value: Instance, index: Value | slice | None) -> Value:
    """``outputs[0]`` of a model's output."""
    logits = run.heap.get(value.slots, "logits")
    if logits is not None and isinstance(index, Const):
        labelled = run.heap.get(value.slots, "labelled") is not None
        if isinstance(index.value, str):
            found = run.heap.get(value.slots, index.value)
            return found if found is not None else UNKNOWN
        if index.value == (1 if labelled else 0):
            return logits
    if isinstance(index, Const):
        found = run.heap.get(value.slots, ("key", index.value))
        if found is not None:
            return found
    return Unknown(None, frozenset({value.oid}))
