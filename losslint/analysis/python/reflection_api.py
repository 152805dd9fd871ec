"""Builtins that look into objects, and the classes that Python's library makes."""

from __future__ import annotations

import libcst as cst

from losslint.analysis.domain.containers import (
    elements,
    keys_of,
    kind_of,
)
from losslint.analysis.domain.heap import ITEMS
from losslint.analysis.domain.joins import each, in_pairs, one_of
from losslint.analysis.domain.lookup import class_attribute, lineage
from losslint.analysis.domain.strings import beginning_of
from losslint.analysis.domain.values import (
    FALSE,
    NONE,
    TRUE,
    UNKNOWN,
    Class,
    Const,
    Extern,
    Function,
    Instance,
    Namespace,
    Partial,
    Tensor,
    Tuple,
    Unknown,
    Value,
)
from losslint.analysis.interpreter import Interpreter, constant
from losslint.analysis.python.assignment import set_attribute
from losslint.analysis.torch_api.pretrained import any_network
from losslint.analysis.torch_api.registry import Op, any_optimizer, extern

MAX_SOURCE = 200
"""Longer strings are not parsed: they could nest more deeply than the parser stands."""


_NO_TENSORS = ("builtins.", "numpy.")
"""Where classes come from of which no tensor is an instance."""


@extern("builtins.isinstance")
def _isinstance(op: Op) -> Value:
    kind = op.arg(1)
    return each(op.arg(0), lambda one: _is_one(one, kind))


@extern("torch.is_tensor")
def _is_tensor(op: Op) -> Value:
    return each(op.arg(0, "obj"), lambda one: _is_one(one, Extern("torch.Tensor")))


def _is_one(value: Value, kind: Value) -> Value:
    if isinstance(value, Instance) and isinstance(kind, Class):
        return Const(isinstance(value.cls, Class) and kind in lineage(value.cls))
    if isinstance(value, Instance) and isinstance(kind, Extern):
        own = kind_of(value)
        if own == kind.name or (own.startswith("torch.nn.") and kind.name == "torch.nn.Module"):
            return TRUE
        if isinstance(value.cls, Extern) and own.partition(".")[0] != kind.name.partition(".")[0]:
            return FALSE
        if own.startswith("torch.nn.") and kind.name.startswith("torch.nn."):
            return FALSE if isinstance(value.cls, Extern) else Unknown()
        return Unknown()
    if isinstance(value, Tuple) and isinstance(kind, Extern):
        return Const(kind.name == "builtins.tuple")
    if isinstance(value, Tensor) and isinstance(kind, Extern):
        if kind.name in ("torch.Tensor", "builtins.object"):
            return TRUE
        if kind.name.startswith(_NO_TENSORS) and value.grad:
            return FALSE
        return Unknown()
    if isinstance(value, Tensor) and isinstance(kind, Tuple):
        if all(isinstance(one, Extern) and one.name.startswith(_NO_TENSORS) for one in kind.items):
            return FALSE
    if isinstance(value, Const) and isinstance(kind, Extern):
        return Const(kind.name == f"builtins.{type(value.value).__name__}")
    if isinstance(value, Unknown) and value.key is not None and isinstance(kind, Extern):
        return Unknown(("isinstance", value.key, kind.name))
    if isinstance(value, Unknown) and value.key is not None and isinstance(kind, Class):
        return Unknown(("isinstance", value.key, kind))
    return Unknown()


@extern("builtins.type")
def _type(op: Op) -> Value:
    if len(op.args.positional) != 1:
        return UNKNOWN
    return each(op.arg(0), _class_of)


def _class_of(value: Value) -> Value:
    if isinstance(value, Instance):
        return value.cls
    if isinstance(value, Tensor):
        return Extern("torch.Tensor") if value.grad else Unknown()
    if isinstance(value, Const) and value.value is not None:
        return Extern(f"builtins.{type(value.value).__name__}")
    return (
        Unknown(("type", value.key))
        if isinstance(value, Unknown) and value.key is not None
        else Unknown()
    )


@extern("builtins.getattr")
def _getattr(op: Op) -> Value:
    return in_pairs(op.arg(0), op.arg(1), lambda target, name: _of_name(op, target, name))


def _of_name(op: Op, target: Value, name: Value) -> Value:
    if isinstance(name, Const) and isinstance(name.value, str):
        return op.run.attribute(target, name.value, op.node)
    return _named(op, target, beginning_of(name))


def _named(op: Op, target: Value, beginning: str) -> Value:
    """What a module holds under a name of which no more than the beginning is known."""
    if isinstance(target, Extern):
        return any_network(target) or any_optimizer(target) or Unknown()
    if not isinstance(target, Namespace):
        return Unknown()
    models = models_of(op.run, target)
    if not beginning:
        return element_of(op.run, models, id(op.node))
    named = [models.slots[slot] for slot in keys_of(models) if str(slot[1]).startswith(beginning)]
    op.run.seen.eligible.update(one for one in named if isinstance(one, Class))
    return one_of(named, id(op.node)) if named else Unknown()


@extern("builtins.eval")
def _eval(op: Op) -> Value:
    """An expression in a string: where that is not known it names a class, or a module's."""
    source = op.arg(0)
    text = constant(source, str)
    if text and len(text) < MAX_SOURCE:
        try:
            return op.run.eval(cst.parse_expression(text))
        except cst.ParserSyntaxError:
            return UNKNOWN
    module, dot, beginning = beginning_of(source).rpartition(".")
    if not dot:
        return _named(op, Namespace(op.run.module), beginning)
    if not module.isidentifier():
        return UNKNOWN
    return _named(op, op.run.eval(cst.Name(module)), beginning)


@extern("builtins.globals")
def _globals(op: Op) -> Value:
    models = models_of(op.run, Namespace(op.run.module))
    return op.run.new_dict(
        {
            slot[1]: models.slots[slot]
            for slot in keys_of(models)
            if _is_network(op.run, models.slots[slot])
        }
    )


def models_of(run: Interpreter, target: Namespace) -> Instance:
    """The classes and functions of a module under their names: ``module.__dict__``."""
    return run.new_dict(
        {
            name: value
            for name, value in target.module.slots.items()
            if isinstance(value, Class | Function) and not str(name).startswith("_")
        }
    )


def element_of(run: Interpreter, target: Instance, token: int) -> Value:
    """Any of the models in a registry that is asked for a name which is not known."""
    classes = [
        value
        for value in target.slots.values()
        if isinstance(value, Class) and _is_network(run, value)
    ]
    run.seen.eligible.update(classes)
    return one_of(classes, token) if classes else Unknown()


def _is_network(run: Interpreter, value: Value) -> bool:
    return isinstance(value, Class) and class_attribute(run, value, "forward") is not None


@extern("builtins.setattr")
def _setattr(op: Op) -> Value:
    name = op.arg(1)
    if isinstance(name, Const) and isinstance(name.value, str):
        set_attribute(op.run, op.arg(0), name.value, op.arg(2), op.node)
    return NONE


@extern("builtins.hasattr")
def _hasattr(op: Op) -> Value:
    value, name = op.arg(0), op.arg(1)
    if isinstance(value, Instance) and isinstance(name, Const):
        if name.value in value.slots:
            return TRUE
    return Unknown()


@extern("functools.partial", "functools.partialmethod")
def _partial(op: Op) -> Value:
    return Partial(op.arg(0), tuple(op.args.positional[1:]), tuple(op.args.keywords.items()))


@extern("collections.namedtuple", "typing.NamedTuple")
def _namedtuple(op: Op) -> Value:
    names = op.arg(1, "field_names")
    known: list[str] = []
    if isinstance(names, Const) and isinstance(names.value, str):
        known = names.value.replace(",", " ").split()
    for item in elements(op.run, names) or ():
        if isinstance(item, Tuple) and item.items:
            known.append(str(getattr(item.items[0], "value", "")))
        elif isinstance(item, Const):
            known.append(str(item.value))
    return Partial(Extern(RECORD), (Tuple(tuple(Const(name) for name in known)),), ())


RECORD = "<record>"
"""The class of what a named tuple's class makes."""


@extern(RECORD)
def _record(op: Op) -> Value:
    names = op.args.positional[0]
    made = op.run.new_instance(Extern(RECORD))
    if not isinstance(names, Tuple) or op.args.open:
        return made
    items: list[Value] = []
    for index, name in enumerate(names.items):
        assert isinstance(name, Const)
        value = op.arg(index + 1, str(name.value))
        op.run.heap.set(made.slots, name.value, value)
        items.append(value)
    op.run.heap.set(made.slots, ITEMS, Tuple(tuple(items)))
    return made
