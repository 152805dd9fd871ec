"""What drives training: backward, gradient scalers, Accelerate and Fabric."""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from losslint.analysis.domain.arguments import Args
from losslint.analysis.domain.conditions import mentions
from losslint.analysis.domain.containers import elements
from losslint.analysis.domain.joins import each
from losslint.analysis.domain.values import (
    FALSE,
    NONE,
    TRUE,
    UNKNOWN,
    Bound,
    Extern,
    Function,
    Instance,
    Partial,
    Tensor,
    Tuple,
    Unknown,
    Value,
    alternatives_of,
)
from losslint.analysis.interpreter import Interpreter
from losslint.analysis.objective.reaching import reaches_backward
from losslint.analysis.python.gradient_mode import SWITCHED_OFF, SWITCHED_ON
from losslint.analysis.reading.spelling import dotted
from losslint.analysis.reading.used_calls import is_used
from losslint.analysis.tensors.blending import deps_of
from losslint.analysis.tensors.powers import DENSE
from losslint.analysis.torch_api.optim import (
    is_no_optimizer,
    looks_like_optimizer,
    looks_like_scaler,
    parameters_of,
    spelled,
    step,
    unscale,
)
from losslint.analysis.torch_api.registry import (
    GROUPS,
    Op,
    extern,
    function,
    group_of,
    method,
)
from losslint.analysis.torch_api.unknown import is_schedule
from losslint.analysis.training.accumulation import losses_in
from losslint.analysis.training.asked_gradients import asked
from losslint.analysis.training.backpropagation import backpropagated
from losslint.analysis.training.gradient_flow import (
    DERIVATIVE,
    cut,
    is_leaf_alone,
    layers_of,
    require_gradient,
)
from losslint.analysis.training.handling import (
    COPIED,
    note_handling,
    parts_of,
)
from losslint.analysis.training.strays import device_of
from losslint.analysis.training.trace import Backward, Clip, HandOver, Scale, ScalerUpdate, ZeroGrad

GROUPS.update(
    {
        "accelerate.Accelerator": "accelerator",
        "lightning.Fabric": "accelerator",
        "lightning.fabric.Fabric": "accelerator",
        "lightning_fabric.Fabric": "accelerator",
    }
)


def backward(run: Interpreter, node: object, loss: Value, weighted: bool = False) -> None:
    """Gradients of a loss are added to the parameters it depends on."""
    assert isinstance(node, cst.CSTNode)
    deps: frozenset[object] = frozenset()
    known = True
    leaves: frozenset[object] = frozenset()
    if all(
        isinstance(one.value, Tensor) and is_leaf_alone(one.value) for one in alternatives_of(loss)
    ):
        leaves = deps_of(loss)
    for one in alternatives_of(loss):
        reached = layers_of(one.value) if isinstance(one.value, Tensor) else None
        if reached:
            deps |= reached
        elif one.value != NONE:
            known = False
    found = deps if known else frozenset()
    run.act(Backward(run.place(node), found, losses_in(loss), leaves))
    reaches_backward(run, loss)
    backpropagated(run, node, loss, weighted)


@function("backward")
def _backward_function(op: Op) -> Value:
    backward(op.run, op.node, op.arg(0))
    return NONE


@method("tensor", "backward")
def _backward(op: Op, target: Instance) -> Value:
    loss: Value = op.args.positional[0]
    if not isinstance(loss, Tensor) and _gives_gradients(op):
        return UNKNOWN
    if isinstance(loss, Unknown) and looks_like_optimizer(spelled(op.node)):
        # an optimizer of another framework, or one that does more than torch's
        op.run.act(ZeroGrad(op.run.place(op.node), certain=False))
    if isinstance(loss, Unknown) and len(op.args.positional) > 1:
        # `accelerator.backward(loss)` on something unknown, or `features.backward(gradient)`
        loss = op.args.positional[1]
        backward(op.run, op.node, loss, weighted=not (isinstance(loss, Tensor) and loss.terms))
        return NONE
    backward(op.run, op.node, loss, weighted=op.given(1, "gradient") is not None)
    return NONE


def _gives_gradients(op: Op) -> bool:
    """Whether gradients come out of a backward that somebody wrote by hand: torch's gives none."""
    body = op.run.frame.body or op.run.module.source.tree
    return is_used(body, op.node)


@extern("torch.autograd.backward")
def _autograd_backward(op: Op) -> Value:
    source = op.arg(0, "tensors")
    known = elements(op.run, source)
    weighted = op.given(1, "grad_tensors") is not None
    for loss in known if known is not None else [source]:
        backward(op.run, op.node, loss, weighted)
    return NONE


@method("accelerator", "backward")
@method("module", "manual_backward", "backward")
def _framework_backward(op: Op, target: Instance) -> Value:
    backward(op.run, op.node, op.arg(0, "loss"))
    return NONE


@method("scaler", "scale")
def _scale(op: Op, target: Instance) -> Value:
    if _enabled(op.run, target):
        op.run.act(Scale(op.run.place(op.node)))
    return op.arg(0, "outputs")


@method("scaler", "step")
def _scaler_step(op: Op, target: Instance) -> Value:
    scaled = _enabled(op.run, target)
    step(op.run, op.node, op.arg(0, "optimizer"), scaled=scaled, given=True)
    return NONE


def _enabled(run: Interpreter, scaler: Instance) -> bool:
    """Whether a gradient scaler does anything."""
    return run.heap.get(scaler.slots, ("opt", "enabled")) != FALSE


@method("scaler", "unscale_")
def _unscale(op: Op, target: Instance) -> Value:
    unscale(op.run, op.node, op.arg(0, "optimizer"))
    return NONE


@method("scaler", "update")
def _scaler_update(op: Op, target: Instance) -> Value:
    op.run.act(ScalerUpdate(op.run.place(op.node)))
    return NONE


@method("scaler", "get_scale", "state_dict", "load_state_dict")
def _scaler_other(op: Op, target: Instance) -> Value:
    return UNKNOWN


# -- the same on objects that are not known ---------------------------------------------------


@method("unknown", "step")
def _unknown_step(op: Op, target: Instance) -> Value:
    if is_schedule(op.args.positional[0]):
        return NONE
    if not looks_like_optimizer(spelled(op.node)) and not is_no_optimizer(spelled(op.node)):
        op.run.act(HandOver(op.run.place(op.node)))
    given = op.args.positional[1] if len(op.args.positional) > 1 else op.given(-1, "closure")
    if given is None or given == NONE:
        step(op.run, op.node, op.args.positional[0])
    elif isinstance(given, Function | Bound):
        op.run.call(given, Args(op.node))
        step(op.run, op.node, op.args.positional[0])
    elif isinstance(given, Instance) and group_of(given) == "optimizer":
        step(op.run, op.node, given, scaled=looks_like_scaler(spelled(op.node)))
    elif looks_like_optimizer(spelled(op.node)):
        op.run.act(HandOver(op.run.place(op.node)))  # it may do more than step
    elif isinstance(given, Unknown):
        scaled = looks_like_scaler(spelled(op.node))
        if scaled or mentions(given.key, "optim"):
            step(op.run, op.node, given, scaled=scaled)
    return Unknown()


@method("unknown", "unscale_")
def _unknown_unscale(op: Op, target: Instance) -> Value:
    unscale(op.run, op.node, op.args.positional[1] if len(op.args.positional) > 1 else UNKNOWN)
    return NONE


@method("unknown", "zero_grad", "clear_grad")
def _unknown_zero(op: Op, target: Instance) -> Value:
    value = op.args.positional[0]
    key = value.key if isinstance(value, Unknown) else None
    label = spelled(op.node)
    certain = looks_like_optimizer(label)
    optimizer = (key if key is not None else label) if certain else None
    owners = None if certain or key is None else frozenset({key})
    op.run.act(ZeroGrad(op.run.place(op.node), optimizer=optimizer, owners=owners))
    return NONE


@method("unknown", "parameters", "named_parameters", "trainable_parameters")
def _unknown_parameters(op: Op, target: Instance) -> Value:
    return parameters_of(op.run, op.args.positional[0])


@method("unknown", "to", "cuda", "cpu", "train", "eval", "float", "half", "double", "module")
def _unknown_same(op: Op, target: Instance) -> Value:
    return op.args.positional[0]


@method("unknown", "scale")
def _unknown_scale(op: Op, target: Instance) -> Value:
    if looks_like_scaler(spelled(op.node)):
        op.run.act(Scale(op.run.place(op.node)))
    return op.args.positional[1] if len(op.args.positional) > 1 else UNKNOWN


@method("module", "zero_grad")
def _module_zero(op: Op, target: Instance) -> Value:
    op.run.act(ZeroGrad(op.run.place(op.node), owners=parts_of(target)))
    return NONE


@extern("torch.autograd.Variable", "torch.autograd.variable.Variable")
def _variable(op: Op) -> Value:
    value = op.arg(0, "data")
    if op.given(1, "requires_grad") == TRUE and isinstance(op.node, cst.Call):
        title = dotted(op.node.args[0].value)
        return require_gradient(op.run, op.node, value, title, copied="Variable")
    return value


@extern("torch.jit.script",
        "torch.compile", "copy.deepcopy", "copy.copy", "torch.jit.trace", "torch.jit.freeze",
        "torch.nn.utils.weight_norm", "torch.nn.utils.spectral_norm",
        "torch.nn.utils.parametrizations.weight_norm", "torch.fx.symbolic_trace",
        "torch.nn.utils.parametrizations.spectral_norm",
        "torch.nn.SyncBatchNorm.convert_sync_batchnorm")  # fmt: skip
def _first(op: Op) -> Value:
    given = op.arg(0, "data", "obj", "model", "module", "x")
    if op.name == "copy.deepcopy":
        note_handling(op.run, parts_of(given), COPIED)
    return given


@extern("torch.nn.parallel.data_parallel")
def _data_parallel(op: Op) -> Value:
    given = op.arg(1, "inputs")
    inputs = list(given.items) if isinstance(given, Tuple) else [given]
    return op.run.call(op.arg(0, "module"), Args(op.node, inputs))


@method("accelerator", "prepare", "setup", "setup_module", "setup_optimizers", "setup_dataloaders",
        "prepare_model", "prepare_optimizer", "unwrap_model", "gather", "gather_for_metrics",
        "prepare_data_loader", "to_device")  # fmt: skip
def _prepared(op: Op, target: Instance) -> Value:
    values = op.args.positional
    if op.args.open:
        return UNKNOWN
    return values[0] if len(values) == 1 else Tuple(tuple(values))


@method("accelerator", "clip_grad_norm_", "clip_gradients", "clip_grad_value_")
@method("module", "clip_grad_norm_")
@method("unknown", "clip_grad_norm_", "clip_gradients", "clip_grad_value_")
def _framework_clip(op: Op, target: Instance) -> Value:
    op.run.act(Clip(op.run.place(op.node), None))
    return Unknown()


@method("tensor", "register_hook")
def _hook(op: Op, target: Instance) -> Value:
    op.run.act(HandOver(op.run.place(op.node)))  # it may change the gradient
    return Unknown()


@method("accelerator", "accumulate", "autocast", "no_sync", "print",
        "wait_for_everyone", "is_main_process", "launch",
        "save", "load", "log", "free_memory", "end_training")  # fmt: skip
def _framework_other(op: Op, target: Instance) -> Value:
    return UNKNOWN


@extern("torch.autograd.grad")
def _grad(op: Op) -> Value:
    outputs = op.arg(0, "outputs")
    deps = deps_of(outputs)
    op.run.seen.differentiated |= losses_in(outputs)
    op.run.seen.differentiated_by |= losses_in(op.arg(1, "inputs"))
    reaches_backward(op.run, outputs)
    asked(op.run, op.node, outputs)
    made = Tensor(deps=deps, marks=frozenset({DENSE}))
    if op.args.open or op.given(4, "create_graph") not in (None, FALSE):
        return Tuple((made.but(marks=made.marks | {DERIVATIVE}),))
    if isinstance(outputs, Tensor) and not outputs.terms:
        made = made.but(marks=made.marks | outputs.marks & {DERIVATIVE})
    return Tuple((cut(op.run, made, made.but(grad=False), "autograd.grad", op.node),))


@extern("torch.manual_seed", "torch.save",
        "torch.cuda.empty_cache",
        "torch.set_grad_enabled",
        "torch.cuda.is_available", "torch.autocast",
        "torch.cuda.amp.autocast", "torch.amp.autocast")  # fmt: skip
def _plain(op: Op) -> Value:
    return Unknown()


@extern("torch.device")
def _device(op: Op) -> Value:
    return device_of(op.arg(0), op.node)


@extern(*SWITCHED_OFF, *SWITCHED_ON)
def _mode(op: Op) -> Value:
    return Partial(Extern(f"{op.name}.__call__"), (), ())


@extern(*(f"{name}.__call__" for name in (*SWITCHED_OFF, *SWITCHED_ON)))
def _in_mode(op: Op) -> Value:
    """``torch.enable_grad()(closure)``: a function that is evaluated with gradients, or without."""
    on = op.name.removesuffix(".__call__") in SWITCHED_ON
    return each(op.arg(0), lambda one: _switched(one, on))


def _switched(value: Value, on: bool) -> Value:
    if isinstance(value, Bound):
        return replace(value, function=_in(value.function, on))
    return _in(value, on) if isinstance(value, Function) else UNKNOWN


def _in(function: Function, on: bool) -> Function:
    return replace(function, grad=True) if on else replace(function, no_grad=True)


@extern("torch.load")
def _load(op: Op) -> Value:
    return Unknown(("made", id(op.node)))
