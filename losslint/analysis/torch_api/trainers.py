"""Libraries that are given a model, and do with it what a training loop would."""

from __future__ import annotations

import libcst as cst

from losslint.analysis.domain.arguments import Args
from losslint.analysis.domain.values import (
    NONE,
    Extern,
    Function,
    Partial,
    Tuple,
    Unknown,
    Value,
)
from losslint.analysis.objective.reaching import reaches_loss
from losslint.analysis.torch_api.registry import Op, extern
from losslint.analysis.torch_api.unknown import call_unknown


@extern("ignite.engine.create_supervised_trainer")
def _supervised_trainer(op: Op) -> Value:
    """Calls the model with a batch, and the loss with what it gives, as each step will."""
    spelled = _spelled_loss(op.node)
    model, criterion = op.given(0, "model"), op.given(2, "loss_fn")
    if spelled is not None and model is not None and criterion is not None:
        output = op.run.call(model, Args(spelled, [Unknown(grad=False)]))
        transform = op.given(-1, "model_transform")
        if transform is not None and transform != NONE:
            output = op.run.call(transform, Args(spelled, [output]))
        loss = op.run.call(criterion, Args(spelled, [output, Unknown(grad=False)]))
        if not op.run.no_grad:
            reaches_loss(op.run, loss)
    return call_unknown(op.run, Extern("ignite.engine.create_supervised_trainer"), op.args)


@extern("ignite.engine.Engine", "ignite.engine.engine.Engine")
def _engine(op: Op) -> Value:
    """Calls the function of an engine with a batch, as each round of its will.

    A method is left to its own turn: the object may not be complete yet.
    """
    process = op.given(0, "process_function")
    if isinstance(process, Function | Partial):
        op.run.call(process, Args(op.node, [Unknown(grad=False), Unknown(grad=False)]))
    return call_unknown(op.run, Extern("ignite.engine.Engine"), op.args)


def _spelled_loss(node: cst.CSTNode) -> cst.BaseExpression | None:
    """Where the loss is passed: in place of a call of it, which lies in the library."""
    if not isinstance(node, cst.Call) or any(arg.star for arg in node.args):
        return None
    for place, arg in enumerate(node.args):
        if arg.keyword.value == "loss_fn" if arg.keyword is not None else place == 2:
            return arg.value
    return None


@extern("higher.innerloop_ctx")
def _inner_loop(op: Op) -> Value:
    """A copy of the model to adapt, which computes what the model does, and its optimizer."""
    adapting = call_unknown(op.run, Extern("higher.innerloop_ctx"), op.args)
    return Tuple((op.arg(0, "model"), adapting))
