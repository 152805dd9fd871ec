"""Methods of networks: their modes, parts and parameters."""

from __future__ import annotations

from losslint.analysis.domain.containers import append, element
from losslint.analysis.domain.heap import ITEMS, REST
from losslint.analysis.domain.joins import join
from losslint.analysis.domain.values import (
    FALSE,
    NONE,
    TRUE,
    UNKNOWN,
    Class,
    Const,
    Instance,
    Tensor,
    Tuple,
    Unknown,
    Value,
)
from losslint.analysis.objective.watched import looked_at
from losslint.analysis.torch_api.optim import (
    parameters_of,
)
from losslint.analysis.torch_api.registry import (
    Op,
    extern,
    group_of,
    method,
)
from losslint.analysis.torch_api.sizing import sizes_of
from losslint.analysis.training.gradient_flow import (
    frozen,
)
from losslint.analysis.training.handling import (
    SWITCHES,
    note_handling,
    objects_in,
    parts_of,
)
from losslint.analysis.training.trace import LONE_PARAMETER
from losslint.analysis.training.untrained import note_passing


@method("module", "to", "cuda", "cpu", "float", "half", "double", "train", "eval", "apply",
        "requires_grad_", "share_memory", "bfloat16", "type", "compile", "xpu",
        "freeze")  # fmt: skip
def _same_module(op: Op, target: Instance) -> Value:
    on = op.given(0, "mode", "requires_grad") in (None, TRUE) and op.name != "freeze"
    if not on and op.name in ("requires_grad_", "freeze"):
        for name, value in list(target.slots.items()):
            if isinstance(value, Tensor):
                op.run.heap.set(target.slots, name, frozen(value))
    if op.name in SWITCHES:
        note_handling(op.run, parts_of(target), SWITCHES[op.name][on])
    return NONE if op.name == "compile" else target


@method("module", "parameters")
def _parameters(op: Op, target: Instance) -> Value:
    return parameters_of(op.run, target)


@method("module", "named_parameters")
def _named_parameters(op: Op, target: Instance) -> Value:
    made = op.run.new_list()
    owners = parameters_of(op.run, target)

    op.run.heap.set(made.slots, REST, Tuple((Unknown(), element(op.run, owners, None))))
    return made


@method("module", "children", "modules")
def _children(op: Op, target: Instance) -> Value:
    made = op.run.new_list()
    items = op.run.heap.get(target.slots, ITEMS)
    if isinstance(items, Tuple):
        for item in items.items:
            append(op.run, made, item)
    else:
        inside = _own_parts(target) if op.name == "modules" else []
        other = Unknown(None, frozenset({target.oid}))
        op.run.heap.set(made.slots, REST, join([*inside, other]))
    return made


def _own_parts(model: Instance) -> list[Instance]:
    """The modules inside a model of which the project has the code: one of each class."""
    found = {one.cls: one for one in objects_in(model) if isinstance(one.cls, Class)}
    return [one for one in found.values() if one is not model and group_of(one) == "module"]


@method("module", "state_dict", "named_modules", "named_children", "log",
        "register_buffer", "log_dict", "save_hyperparameters", "buffers",
        "register_forward_hook")  # fmt: skip
def _module_other(op: Op, target: Instance) -> Value:
    if op.name == "log":
        looked_at(op.run, op.arg(1, "value"), op.run.place(op.node))
    if op.name == "register_buffer":
        name, value = op.given(0, "name"), op.given(1, "tensor")
        if isinstance(name, Const) and isinstance(name.value, str) and value is not None:
            op.run.heap.set(target.slots, name.value, value)
    return UNKNOWN


@method("module", "optimizers")
def _optimizers(op: Op, target: Instance) -> Value:
    return Unknown(("optimizers", target.oid))


@method("module", "forward", "__call__")
def _forward(op: Op, target: Instance) -> Value:

    return op.run.call(target, op.args)


@method("module", "add_module", "register_module")
@method("modulelist", "add_module", "register_module")
def _add_module(op: Op, target: Instance) -> Value:
    name, child = op.given(0, "name"), op.arg(1, "module")
    if ITEMS in target.slots:
        append(op.run, target, child)
    if isinstance(name, Const) and isinstance(name.value, str):
        op.run.heap.set(target.slots, name.value, child)
    return NONE


@method("module", "register_parameter")
def _register_parameter(op: Op, target: Instance) -> Value:
    name = op.given(0, "name")
    if isinstance(name, Const) and isinstance(name.value, str):
        op.run.heap.set(target.slots, name.value, op.arg(1, "param"))
    return NONE


@extern("torch.nn.Parameter", "torch.nn.parameter.Parameter")
def _parameter(op: Op) -> Value:
    holder = op.run.frame.self
    owner = holder.oid if isinstance(holder, Instance) else (LONE_PARAMETER, id(op.node))
    own = frozenset({owner})
    wanted = op.given(1, "requires_grad")
    if wanted == FALSE:
        return frozen(Tensor(shape="parameter", sizes=sizes_of(op.given(0, "data"))))
    trained = wanted in (None, TRUE)
    if trained and not isinstance(holder, Instance):
        note_passing(op.run, owner, op.node)
    made = Tensor(owner=own if trained else None, deps=own, shape="parameter")
    return made.but(sizes=sizes_of(op.given(0, "data")))
