"""Gradients that a program zeroes or clips, by a function of torch or by hand."""

from __future__ import annotations

from dataclasses import replace

from losslint.analysis.domain.containers import elements
from losslint.analysis.domain.values import Extern, Instance, Sign, Tensor, Unknown, Value
from losslint.analysis.events.losses import RESCALED
from losslint.analysis.tensors.blending import union_deps
from losslint.analysis.torch_api.optim import owners_of
from losslint.analysis.torch_api.registry import FUNCTIONS, Op, extern, function, method
from losslint.analysis.torch_api.unknown import call_unknown
from losslint.analysis.training.accumulation import losses_in
from losslint.analysis.training.trace import Clip, Observed, ZeroGrad


@function("zero_")
def _zeroed(op: Op) -> Value:
    given = op.tensor()
    if given.shape == "grad":
        op.run.act(ZeroGrad(op.run.place(op.node), owners=given.owner))
        return given
    return Tensor(grad=False, shape="blank", sign=Sign.NON_NEGATIVE, dtype=given.dtype)


@function("clamp_", "clip_", "clamp_min_", "clamp_max_")
def _clamped(op: Op) -> Value:
    given = op.tensor()
    if given.shape == "grad":
        op.run.act(Clip(op.run.place(op.node), given.owner))
        return given
    return FUNCTIONS[op.name.removesuffix("_")](op)


@method("module", "register_backward_hook", "register_full_backward_hook")
@method("unknown", "register_backward_hook", "register_full_backward_hook")
def _hooked(op: Op, target: Instance) -> Value:
    op.run.act(Observed(op.run.place(op.node)))
    return Unknown()


@extern("torch.cuda.synchronize", "torch.mps.synchronize", "torch.xpu.synchronize",
        "torch.accelerator.synchronize")  # fmt: skip
def _awaited(op: Op) -> Value:
    """Who waits until the device is done measures how long it takes."""
    op.run.act(Observed(op.run.place(op.node)))
    return Unknown()


@extern("torch.autograd.Function.apply", "torch.autograd.function.Function.apply")
def _own_gradient(op: Op) -> Value:
    """A function that defines its own gradient; what else it is given may be a factor of that."""
    made = call_unknown(op.run, Extern(op.name), op.args)
    if not isinstance(made, Unknown) or len(op.args.positional) < 2:
        return made
    factor = frozenset({(RESCALED, id(op.node))})
    return replace(made, deps=union_deps(made.deps, factor))


@extern("torch.nn.utils.clip_grad_norm_", "torch.nn.utils.clip_grad_norm",
        "torch.nn.utils.clip_grad_value_", "torch.nn.utils.clip_grad.clip_grad_norm_",
        "torch.nn.utils.clip_grad.clip_grad_value_")  # fmt: skip
def _clip(op: Op) -> Value:
    given = op.arg(0, "parameters")
    known = elements(op.run, given)
    losses = frozenset().union(*map(losses_in, [given] if known is None else known))
    op.run.act(Clip(op.run.place(op.node), owners_of(op.run, given), losses))
    return Unknown()
