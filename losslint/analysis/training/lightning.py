"""Hooks that Lightning calls: once a batch, and at the end of an epoch with what they returned."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.domain.containers import is_dict
from losslint.analysis.domain.heap import REST
from losslint.analysis.domain.joins import each, without_none
from losslint.analysis.domain.lookup import lineage
from losslint.analysis.domain.scope import Round
from losslint.analysis.domain.trail import Place
from losslint.analysis.domain.values import NONE, Class, Extern, Function, Instance, Tensor, Value
from losslint.analysis.reading.nodes import walk
from losslint.analysis.reading.spelling import dotted
from losslint.analysis.training.backpropagation import backpropagated
from losslint.analysis.training.trace import (
    Action,
    Backward,
    Branch,
    KeepLoss,
    Loop,
    Trace,
    actions,
)

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter

TRAINING_STEP = "training_step"
_WITHOUT_GRADIENT = frozenset({"validation_step", "test_step", "predict_step"})
"""Hooks that Lightning calls under ``no_grad``."""
_ROUNDS = frozenset({TRAINING_STEP, "on_train_batch_start", "on_train_batch_end"})
"""Hooks that it calls once a batch of training, of modules or callbacks."""
_OF_BATCH = _ROUNDS | {
    "on_before_zero_grad",
    "on_before_backward",
    "on_after_backward",
    "on_before_optimizer_step",
    "optimizer_step",
    "optimizer_zero_grad",
}
"""All hooks that it calls once a batch of training."""
_OUTPUTS_OF = {
    "training_epoch_end": TRAINING_STEP,
    "validation_epoch_end": "validation_step",
    "test_epoch_end": "test_step",
}
"""Hooks that it gives what another one returned for each batch, without gradients."""


def is_without_gradient(run: Interpreter, function: Function, owner: Class | None) -> bool:
    """Whether it is Lightning that calls a hook, and without gradients.

    A call that the code itself makes of it, from its training step, say, may have some.
    """
    return (
        function.name in _WITHOUT_GRADIENT
        and owner is not None
        and len(run.frames) == 1
        and _is_lightning_class(owner)
    )


def leaves_gradients_off(run: Interpreter) -> bool:
    """Whether it is Lightning that switched gradients off, which other hooks may switch on."""
    return any(
        frame.name in _WITHOUT_GRADIENT
        and frame.owner is not None
        and _is_lightning_class(frame.owner)
        for frame in run.frames
    )


def returned_for_backward(run: Interpreter, node: cst.CSTNode, value: Value) -> None:
    """Backpropagates the loss that a training step returns, unless the step did that itself."""
    module = run.frame.self
    if not isinstance(module, Instance) or not _is_lightning(module):
        return
    if any(isinstance(one, Backward) for one in actions(tuple(run.trace))):
        return
    loss = without_none(value)
    if isinstance(loss, Instance):
        given = run.heap.get(loss.slots, ("key", "loss"))
        loss = NONE if given is None else given
    if loss != NONE:
        backpropagated(run, node, loss, weighted=False)


def is_round(cls: Value, hook: str) -> bool:
    """Whether a hook is the body of the loop over batches that Lightning runs."""
    if hook not in _ROUNDS or not isinstance(cls, Class):
        return False
    return _is_lightning_class(cls) or any(
        isinstance(base, Extern)
        and base.name.endswith(".Callback")
        and base.name.startswith(_LIBRARIES)
        for base in lineage(cls)
    )


_LIBRARIES = ("lightning.", "pytorch_lightning.")


def as_round(run: Interpreter, hook: Function, call: Callable[[], object]) -> None:
    """Evaluates what Lightning calls for each batch: a round of a loop that it runs itself."""
    outer, run.trace = run.trace, []
    run.looping.append(Round(hook.node, run.heap.mark(), repeats=True))
    try:
        call()
    finally:
        run.looping.pop()
        body, run.trace = tuple(run.trace), outer
        kept = _without(body, frozenset(_emptied_beside(hook)))
        run.act(Loop(Place(hook.scope.module.source, hook.node), kept, repeats=True))


def _without(trace: Trace, totals: frozenset[str]) -> Trace:
    """A trace without the losses that are kept in some totals."""
    kept: list[Action] = []
    for action in trace if totals else ():
        if isinstance(action, Branch):
            arms = tuple(_without(arm, totals) for arm in action.arms)
            kept.append(replace(action, arms=arms))
        elif isinstance(action, Loop):
            kept.append(replace(action, body=_without(action.body, totals)))
        elif not isinstance(action, KeepLoss) or action.total not in totals:
            kept.append(action)
    return tuple(kept) if totals else trace


def _emptied_beside(hook: Function) -> Iterator[str]:
    """The attributes that other hooks of the same batch set anew, or clear."""
    classes = [] if hook.owner is None else lineage(hook.owner)
    for cls in (one for one in classes if isinstance(one, Class)):
        for name in _OF_BATCH - {hook.name}:
            method = cls.slots.get(name)
            for one in walk(method.node.body) if isinstance(method, Function) else ():
                if isinstance(one, cst.AssignTarget):
                    yield dotted(one.target)
                elif isinstance(one, cst.Call) and isinstance(one.func, cst.Attribute):
                    if one.func.attr.value == "clear":
                        yield dotted(one.func.value)


def takes_outputs(hook: str) -> bool:
    """Whether a hook is given what another one returned, and so has to come after it."""
    return hook in _OUTPUTS_OF


def note_returned(run: Interpreter, module: Instance, hook: str, value: Value) -> None:
    """Keeps what a hook returned: a loss, or a dict that will be gone when it is asked for."""
    if hook not in _OUTPUTS_OF.values() or not _is_lightning(module):
        return
    fields = dict(value.slots) if isinstance(value, Instance) and is_dict(value) else None
    run.seen.returned_by_hooks[module.oid, hook] = value if fields is None else fields


def outputs(run: Interpreter, module: Instance, hook: str) -> Value | None:
    """What a hook at the end of an epoch is given: a list of what the step gave for each batch."""
    known = run.seen.returned_by_hooks.get((module.oid, _OUTPUTS_OF.get(hook, "")))
    if isinstance(known, dict):
        returned = run.new_dict()
        for key, field in known.items():
            run.heap.set(returned.slots, key, each(field, _without_graph))
    elif not isinstance(known, Tensor):
        return None
    made = run.new_list()
    one = _without_graph(known) if isinstance(known, Tensor) else returned
    run.heap.set(made.slots, REST, one)
    return made


def _without_graph(value: Value) -> Value:
    return value.but(grad=False) if isinstance(value, Tensor) else value


def _is_lightning(module: Instance) -> bool:
    return isinstance(module.cls, Class) and _is_lightning_class(module.cls)


def _is_lightning_class(cls: Class) -> bool:
    return any(
        isinstance(base, Extern) and base.name.endswith(".LightningModule") for base in lineage(cls)
    )
