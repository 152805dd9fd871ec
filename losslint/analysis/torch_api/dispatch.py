"""Calls of what lies outside the project: which entry of the tables answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.domain.arguments import Args
from losslint.analysis.domain.containers import base_kind
from losslint.analysis.domain.strings import constant_method
from losslint.analysis.domain.trail import extend
from losslint.analysis.domain.values import (
    UNKNOWN,
    Class,
    Const,
    Extern,
    Instance,
    Method,
    Tensor,
    Tuple,
    Union,
    Unknown,
    Value,
)
from losslint.analysis.objective.watched import looked_at, written_out
from losslint.analysis.python.classes import call_object
from losslint.analysis.torch_api.constructors import initialise
from losslint.analysis.torch_api.known_criteria import note_built
from losslint.analysis.torch_api.optim import is_given_parameters, optimizer_made
from losslint.analysis.torch_api.pretrained import build_network, call_network
from losslint.analysis.torch_api.registry import (
    EXTERNS,
    FUNCTIONS,
    METHODS,
    MODULES,
    Op,
    call_function_by_name,
    group_of,
    group_of_kind,
    module_class,
    over_alternatives,
    short_function,
)
from losslint.analysis.torch_api.unknown import call_unknown, optimizer_of_others
from losslint.analysis.training.trace import HandOver

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter


def call_extern(run: Interpreter, callee: Extern, args: Args) -> Value:
    """A call of a function or class outside the project."""
    name = callee.name
    handler = EXTERNS.get(name)
    if handler is not None:
        return handler(Op(run, name, args, callee.guessed))
    short = short_function(name)
    if short is not None:
        return call_function_by_name(run, short, args, callee.guessed)
    if name.endswith(".__init__") and args.positional:
        target = args.positional[0]
        if isinstance(target, Instance):
            rest = Args(args.node, args.positional[1:], args.keywords, args.open, args.stars)
            initialise(run, target, name.removesuffix(".__init__"), rest)
        return UNKNOWN
    if name.endswith((".forward", ".__call__")) and args.positional:
        target = args.positional[0]
        base = module_class(name.rpartition(".")[0])
        if isinstance(target, Instance) and base in MODULES:
            rest = Args(args.node, args.positional[1:], args.keywords, args.open, args.stars)
            return MODULES[base](run, target, rest)
    made = build_network(run, callee, args)
    if made is not None:
        return made
    group = group_of_kind(name)
    if group == "optimizer" and not is_given_parameters(run, name, args):
        return optimizer_of_others(run, args)
    if module_class(name) is not None or group:
        return build_extern(run, callee, args)
    return call_unknown(run, callee if not name.startswith("builtins.") else UNKNOWN, args)


def build_extern(run: Interpreter, callee: Extern, args: Args) -> Value:
    """A new object of an outside class, with its constructor's arguments as slots."""

    title = callee.name.rpartition(".")[2]
    made = run.new_instance(callee, extend(None, run.place(args.node), f"{title} built here"))
    if title in _RECURRENT:
        run.seen.recurrent[made.oid] = made
    if args.positional and title.endswith("Loss"):
        note_built(run, callee.name, args)
    initialise(run, made, callee.name, args)
    if group_of(made) == "optimizer":
        run.act(optimizer_made(run, made, args.node))
    return made


_RECURRENT = frozenset({"RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell"})


def call_instance(run: Interpreter, callee: Instance, args: Args) -> Value:
    """A call of an object: of a project class, or of a torch module."""

    if isinstance(callee.cls, Class):
        result = call_object(run, callee, args)
        if result is not None:
            return result
        kind = base_kind(callee.cls)
    else:
        kind = callee.cls.name
    name = module_class(kind)
    handler = MODULES.get(name or "") or MODULES.get(kind)
    if handler is not None:
        return over_alternatives(args, lambda one: handler(run, callee, one))

    result = call_network(run, callee, args)
    if result is not None:
        return result
    return call_unknown(run, Unknown(("object", callee.oid), frozenset({callee.oid})), args)


def call_method(run: Interpreter, callee: Method, args: Args) -> Value:
    """A method that the table knows by the kind of its object."""

    target, name = callee.self, callee.name
    if isinstance(target, Instance):
        groups = (group_of(target), "module")
        for group in groups:
            handler = METHODS.get(group, {}).get(name)
            if handler is not None:
                return handler(Op(run, name, args), target)
        return call_unknown(run, Unknown(("object", target.oid), frozenset({target.oid})), args)
    if isinstance(target, Tensor | Unknown):
        for group in ("tensor", "unknown") if isinstance(target, Unknown) else ("tensor",):
            special = METHODS[group].get(name)
            if special is not None:
                return special(Op(run, name, args.behind(target)), target)  # type: ignore[arg-type]
        if isinstance(target, Unknown) and name not in FUNCTIONS:
            return call_unknown(run, target, args)
        made = call_function_by_name(run, name, args.behind(target))
        if name.endswith("_") and not name.endswith("__"):
            _rebind(run, args.node, made)
        return made
    if isinstance(target, Tuple) and name == "backward":  # raises, but is not forgotten
        return METHODS["tensor"][name](Op(run, name, args.behind(target)), target)  # type: ignore[arg-type]
    if isinstance(target, Const | Tuple):
        see = written_out if name == "format" else looked_at
        for value in args.all():
            see(run, value, run.place(args.node))
        if name == "step":
            run.act(HandOver(run.place(args.node)))  # by something other than what it is taken for
        return constant_method(target, name, args)
    return call_unknown(run, UNKNOWN, args)


def _rebind(run: Interpreter, node: cst.CSTNode, value: Value) -> None:
    """``x.sigmoid_()`` changes what ``x`` is, and so does ``x.data.resize_(n).fill_(1)``.

    What is written by way of ``data``, or under ``no_grad``, leaves the graph of ``x`` as it is.
    """
    target = node
    behind = run.no_grad > 0 and not _sets_gradient(node)
    while True:
        if isinstance(target, cst.Call) and isinstance(target.func, cst.Attribute):
            if not target.func.attr.value.endswith("_"):
                return
            target = target.func.value
        elif isinstance(target, cst.Attribute) and target.attr.value == "data":
            target = target.value
            behind = True
        else:
            break
    if isinstance(target, cst.Name):
        before = run.eval(target) if behind else value
        if isinstance(before, Union):
            return
        if isinstance(before, Tensor) and before.grad and isinstance(value, Tensor):
            value = before.but(act=value.act, sign=value.sign, zero=value.zero, shape=value.shape)
        run.assign(target, value)


def _sets_gradient(node: cst.CSTNode) -> bool:
    """Whether a method is there to change whether a tensor has a gradient."""
    func = node.func if isinstance(node, cst.Call) else None
    return isinstance(func, cst.Attribute) and func.attr.value in ("detach_", "requires_grad_")
