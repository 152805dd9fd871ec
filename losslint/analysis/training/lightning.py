"""What Lightning does with what the hooks of a module return."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losslint.analysis.domain.joins import without_none
from losslint.analysis.domain.lookup import lineage
from losslint.analysis.domain.values import NONE, Class, Extern, Function, Instance, Value
from losslint.analysis.training.gradient_flow import backpropagated
from losslint.analysis.training.trace import Backward, actions

if TYPE_CHECKING:
    import libcst as cst

    from losslint.analysis.interpreter import Interpreter

TRAINING_STEP = "training_step"
_WITHOUT_GRADIENT = frozenset({"validation_step", "test_step", "predict_step"})
"""Hooks that Lightning calls under ``no_grad``."""


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


def _is_lightning(module: Instance) -> bool:
    return isinstance(module.cls, Class) and _is_lightning_class(module.cls)


def _is_lightning_class(cls: Class) -> bool:
    return any(
        isinstance(base, Extern) and base.name.endswith(".LightningModule") for base in lineage(cls)
    )
