"""Fields of what libraries around torch return, by name and position."""

from __future__ import annotations

from losslint.analysis.domain.containers import kind_of
from losslint.analysis.domain.trail import steps_of
from losslint.analysis.domain.values import (
    UNKNOWN,
    Act,
    Const,
    Extern,
    Instance,
    Sign,
    Tensor,
    Unknown,
    Value,
    alternatives_of,
)
from losslint.analysis.events import Operation, OperationKind
from losslint.analysis.interpreter import Interpreter
from losslint.analysis.tensors.blending import deps_of, union_deps
from losslint.analysis.torch_api.pretrained import layer_of
from losslint.analysis.torch_api.registry import Op, group_of, method
from losslint.analysis.training.gradient_flow import cut


def output_field(run: Interpreter, value: Instance, name: str) -> Value | None:
    """A field of a model's output, or a layer of an outside model, that was never assigned."""
    if not isinstance(value.cls, Extern):
        return None
    layer = layer_of(run, value, name)
    if layer is not None:
        return layer
    if group_of(value) == "distribution" and name in ("probs", "logits"):
        deps = _distribution_deps(run, value)
        if "Categorical" in value.cls.name:
            # both are normalised, whichever of them was given
            act = Act.LOG_SOFTMAX if name == "logits" else Act.SOFTMAX
            return Tensor(
                act=act, sign=Sign.POSITIVE if name == "probs" else Sign.UNKNOWN, deps=deps
            )
        return Tensor(deps=deps)
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


def _distribution_deps(run: Interpreter, value: Instance) -> frozenset[object]:
    deps: frozenset[object] = frozenset()
    for slot in list(value.slots.values()):
        deps = union_deps(deps, deps_of(slot))
    return deps


def _guesses(value: Instance) -> frozenset[Operation]:
    """The softmaxes without dim that gave a distribution its probabilities."""
    return frozenset(
        operation
        for slot in value.slots.values()
        for one in alternatives_of(slot)
        if isinstance(one.value, Tensor)
        for operation in one.value.operations
        if operation.kind is OperationKind.IMPLICIT_DIM
    )


def _at_fault(run: Interpreter, value: Instance) -> frozenset[Operation]:
    """What is wrong with a distribution for a loss that is made of it."""
    slots = value.slots
    logits = run.heap.get(slots, ("opt", "logits")) or run.heap.get(slots, ("arg", 1))
    kind = kind_of(value).rpartition(".")[2]
    applied = next((act for name, act in _APPLIED.items() if kind.endswith(name)), None)
    if not isinstance(logits, Tensor) or logits.act is not applied or value.built is None:
        return _guesses(value)
    place, trail = value.built.step.place, steps_of(logits.trail)
    twice = Operation(OperationKind.LOGITS, place, kind, logits, None, trail, run.repeats())
    return _guesses(value) | {twice}


_APPLIED = {"Categorical": Act.SOFTMAX, "Bernoulli": Act.SIGMOID}
"""What distributions make of their logits, by the ends of their names."""


@method("distribution", "log_prob")
def _log_prob(op: Op, target: Instance) -> Value:
    return Tensor(
        act=Act.LOG_PROB,
        picked=True,
        deps=_distribution_deps(op.run, target),
        operations=_at_fault(op.run, target),
        grad=not op.run.no_grad,
        sign=Sign.UNKNOWN,
    )


@method("distribution", "entropy", "rsample", "expand")
def _of_distribution(op: Op, target: Instance) -> Value:
    return Tensor(
        deps=_distribution_deps(op.run, target),
        operations=_at_fault(op.run, target),
        grad=not op.run.no_grad,
    )


@method("distribution", "sample")
def _sample(op: Op, target: Instance) -> Value:
    given = Tensor(deps=_distribution_deps(op.run, target), operations=_guesses(target))
    return cut(op.run, given, Tensor(grad=False), op.name, op.node)
