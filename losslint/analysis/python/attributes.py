"""Attributes: of objects, classes, modules, tensors, and of what is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losslint.analysis.domain.arguments import Args
from losslint.analysis.domain.conditions import GIVEN, VERSIONS, as_tensor
from losslint.analysis.domain.containers import SETTINGS, is_dict, kind_of
from losslint.analysis.domain.joins import each, join_alternatives, without_none
from losslint.analysis.domain.lookup import class_attribute, lineage
from losslint.analysis.domain.sizes import ANY, rank
from losslint.analysis.domain.values import (
    NONE,
    TRUE,
    UNKNOWN,
    Alternative,
    Bound,
    Class,
    Const,
    Extern,
    Function,
    Instance,
    Method,
    Namespace,
    Params,
    Partial,
    Super,
    TargetKind,
    Tensor,
    Tuple,
    Union,
    Unknown,
    Value,
)
from losslint.analysis.objective.learned_weights import TENDING, tend
from losslint.analysis.objective.watched import read_as_tensor
from losslint.analysis.python.enums import Member, attribute_of_member, is_enum, member
from losslint.analysis.python.flags import may_have_changed
from losslint.analysis.python.functions import call_function
from losslint.analysis.python.names import outside
from losslint.analysis.reading.spelling import dotted, is_settings
from losslint.analysis.torch_api.constructors import AFFINE, model_of_trainer
from losslint.analysis.torch_api.optim import groups_of
from losslint.analysis.torch_api.outputs import output_field
from losslint.analysis.torch_api.registry import (
    FUNCTIONS,
    group_of,
    has_method,
    is_tensor_method,
    module_class,
)
from losslint.analysis.torch_api.sizing import shape_of
from losslint.analysis.training.gradient_flow import cut
from losslint.analysis.training.handling import WRITTEN, note_handling
from losslint.analysis.training.trace import HandOver, SetWeights

if TYPE_CHECKING:
    import libcst as cst

    from losslint.analysis.interpreter import Interpreter

GRADIENT = frozenset({"grad", "_grad"})
"""Names of the gradient of a tensor; the second can be written where shapes are not checked."""
_SAME = frozenset({"T", "mT", "H", "real", "device_"})
_KEY_DEPTH = 5


def attribute(run: Interpreter, value: Value, name: str, node: cst.CSTNode) -> Value:
    """``value.name``."""
    if isinstance(value, Union):
        return each(without_none(value), lambda one: attribute(run, one, name, node))
    if value == NONE:
        # a default: who gets here has given something else
        value = Unknown((GIVEN, dotted(node).rpartition(".")[0]))
    if name == "__len__" and isinstance(value, Instance | Unknown):
        return Partial(Extern("builtins.len"), (value,), ())
    if isinstance(value, Extern):
        whole_name = f"{value.name}.{name}"
        if whole_name in VERSIONS:
            return Unknown((whole_name,), frozenset({whole_name}))
        return outside(whole_name, value.guessed)
    if isinstance(value, Instance):
        return _of_instance(run, value, name, node)
    if name in GRADIENT and isinstance(value, Tensor | Unknown):
        run.act(HandOver(run.place(node)))  # what is read may be used in any way
    if isinstance(value, Tensor):
        if value.owner is not None and (name in TENDING or name.endswith("_")):
            tend(run, value)
            if name.endswith("_"):
                note_handling(run, value.owner, WRITTEN)
            if name == "copy_":
                run.act(SetWeights(run.place(node), value.owner))
        if name == "data":
            read_as_tensor(run, value)
            return cut(run, value, value.but(grad=False, terms=()), name, node)
        return _of_tensor(value, name, node)
    if isinstance(value, Unknown):
        if value.key is not None:
            known = run.heap.get(run.symbols, (value.key, name))
            if known is not None:
                return known
        tensor = as_tensor(run, value, node)
        if tensor is not None and name in FUNCTIONS:
            return Method(tensor, name)
        if is_tensor_method(name) and not _holds_settings(value):
            return Method(value, name)
        if name == "training":
            return TRUE
        # a method of data makes other data, wherever the data is from
        key = value.key if value.grad or value.key is not None else ("data", id(node))
        return Unknown(_key(key, name), value.deps, value.lost, value.why, value.grad)
    if isinstance(value, Namespace) and name == "__dict__":
        return run.new_dict(
            {
                key: item
                for key, item in value.module.slots.items()
                if isinstance(item, Class | Function)
            }
        )
    if isinstance(value, Namespace):
        found = run.project.member(run, value.module, name)
        return UNKNOWN if found is None else found
    if is_enum(value) and (one := member(run, value, name)) is not None:
        return one
    if isinstance(value, Const) and isinstance(value.value, Member):
        return attribute_of_member(run, value.value, name)
    if isinstance(value, Class):
        found = class_attribute(run, value, name)
        if isinstance(found, Function) and found.kind == "classmethod":
            return Bound(found, value)
        if found is not None:
            return found
        base = next((b for b in lineage(value) if isinstance(b, Extern)), None)
        if name == "__name__":
            return Const(value.name)
        return Unknown() if base is None else Extern(f"{base.name}.{name}")
    if isinstance(value, Super):
        return _of_super(run, value, name)
    if isinstance(value, Function | Bound | Partial):
        return Unknown()
    if isinstance(value, Tuple) and name in _NAMED and len(value.items) == 2:
        return value.items[_NAMED[name]]  # of `x.max(dim)`, `x.sort()` and their like
    if isinstance(value, Const | Tuple | Params | Method):
        return Method(value, name)
    return UNKNOWN


_NAMED = {"values": 0, "indices": 1}


def _holds_settings(value: Unknown) -> bool:
    """Whether a value is called what holds settings, and what no optimizer is called."""
    called = value.key[-1] if isinstance(value.key, tuple) and value.key else ""
    return isinstance(called, str) and is_settings(called) and called not in _OPTIMIZERS


_OPTIMIZERS = ("opt", "_opt")


def _key(key: object, name: str) -> object:
    """The symbol of an attribute of a symbol, unless it grows without bound."""
    depth, inner = 0, key
    while isinstance(inner, tuple) and len(inner) == 3 and inner[1] == ".":
        inner = inner[0]
        depth += 1
    return None if key is None or depth >= _KEY_DEPTH else (key, ".", name)


def _of_instance(run: Interpreter, value: Instance, name: str, node: cst.CSTNode) -> Value:
    found = run.heap.get(value.slots, name)
    if found is None and is_dict(value) and not has_method(value, name):
        found = run.heap.get(value.slots, ("key", name))
    if isinstance(found, Const) and kind_of(value) in SETTINGS:
        # it may be read from a file, but it is no layer that a gradient goes through
        return Unknown(("attr", value.oid, name), grad=False)
    if isinstance(found, Const) and may_have_changed(run, value, name, found):
        return Unknown(("attr", value.oid, name), frozenset({value.oid}))
    if isinstance(value.cls, Class):
        if found is None:
            inherited = class_attribute(run, value.cls, name)
            if inherited is not None:
                return bind_attribute(run, value, inherited, node)
    if found is not None:
        return found
    if name == "training":
        return TRUE
    if name == "__class__":
        return value.cls
    if has_method(value, name):
        return Method(value, name)
    if name == "module" and group_of(value) in ("wrapper", "module"):
        return value

    known = output_field(run, value, name)
    if known is None and name == "model":
        known = model_of_trainer(run, value)
    if known is not None:
        return known
    if name == "param_groups" and group_of(value) == "optimizer":
        return groups_of(run, value)
    own = frozenset({value.oid})
    if name == "weight" and module_class(kind_of(value)) in _WITH_WEIGHTS:
        return Tensor(owner=own, deps=own, shape="parameter")
    return Unknown(("attr", value.oid, name), own)


_WITH_WEIGHTS = frozenset({*AFFINE, "Embedding", "EmbeddingBag"})
"""Modules of torch whose weights may be regularised by hand."""


def bind_attribute(run: Interpreter, value: Instance, found: Value, node: cst.CSTNode) -> Value:
    """A class attribute as an object sees it: methods bound, properties computed."""
    if isinstance(found, Function):
        if found.kind == "property":
            return call_function(run, found, Args(node), value)
        if found.kind == "staticmethod":
            return found
        if found.kind == "classmethod":
            return Bound(found, value.cls, found.owner)
        return Bound(found, value, found.owner)
    if isinstance(found, Union):
        return join_alternatives(
            Alternative(bind_attribute(run, value, one.value, node), one.when, one.configs)
            for one in found.alternatives
        )
    return found


def setter(run: Interpreter, target: Instance, name: str, value: Value, node: cst.CSTNode) -> bool:
    """Calls the setter of a property, if ``name`` is one."""
    assert isinstance(target.cls, Class)
    function = class_attribute(run, target.cls, f"{name}.setter")
    if not isinstance(function, Function):
        return False

    call_function(run, function, Args(node, [value]), target)
    return True


def _of_super(run: Interpreter, value: Super, name: str) -> Value:
    start = value.self.cls if isinstance(value.self, Instance) else value.cls
    order = list(lineage(start)) if isinstance(start, Class) else []
    behind = order[order.index(value.cls) + 1 :] if value.cls in order else list(value.cls.bases)
    for one in behind:
        if isinstance(one, Class):
            found = run.heap.get(one.slots, name)
            if isinstance(found, Function):
                if found.kind == "staticmethod":
                    return found
                return Bound(found, value.self, found.owner)
            if found is not None:
                return found
        elif isinstance(one, Extern):
            return Partial(Extern(f"{one.name}.{name}"), (value.self,), ())
    return Unknown()


def _of_tensor(value: Tensor, name: str, node: cst.CSTNode) -> Value:
    if name in GRADIENT:
        return Tensor(owner=value.owner, grad=False, shape="grad")
    if name in _SAME:
        turned = value.sizes[::-1] if name == "T" and rank(value.sizes) is not None else ANY
        return value.but(sizes=value.sizes if name == "real" else turned, dim=None)
    if name == "shape":
        return shape_of(value, node)
    if name == "logits":
        # no tensor has it: this is the output of a model, stated to be what it holds
        return value
    if name == "dtype":
        return Unknown(("dtype", value.dtype, value.target is TargetKind.INDICES))
    if name in ("device", "ndim", "requires_grad", "grad_fn", "is_cuda"):
        return Unknown()
    return Method(value, name)
