"""Calls: of project code, of torch, of what is known by name, and of what is not."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.arguments import Args
from losslint.analysis.arithmetic import deps_of, union_deps
from losslint.analysis.classes import construct
from losslint.analysis.functions import call_function
from losslint.analysis.joins import join_alternatives, without_none
from losslint.analysis.spelling import dotted
from losslint.analysis.stated import stated_by_settings
from losslint.analysis.torch_api import losses
from losslint.analysis.torch_api.registry import call_extern, call_instance, call_method
from losslint.analysis.trace import ZeroGrad
from losslint.analysis.values import (
    Alternative,
    Bound,
    Class,
    Extern,
    Function,
    Instance,
    Method,
    Partial,
    Tensor,
    Tuple,
    Union,
    Unknown,
    Value,
    alternatives_of,
)

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter

_LOSS_NAMED = re.compile(
    r"(^|_)(criterion|criteria|loss|loss_?fn|loss_?func\w*|crit)(_|$|\d)", re.IGNORECASE
)


def call(run: Interpreter, callee: Value, args: Args) -> Value:
    """The value of a call, with all its effects."""
    callee = without_none(callee)
    stated = stated_by_settings(callee, run.returns)
    if stated is not None:
        return stated
    if isinstance(callee, Tensor):
        # what a factory is stated to return, called like the model that it stands for
        return callee
    if losses.is_criterion(callee):
        return losses.loss_call(run, callee, args, call)
    if isinstance(callee, Union):
        return _call_each(run, callee, args)
    if isinstance(callee, Function):
        return call_function(run, callee, args)
    if isinstance(callee, Bound):
        return call_function(run, callee.function, args, callee.self)
    if isinstance(callee, Class):
        return construct(run, callee, args)
    if isinstance(callee, Partial):
        inner = Args(
            args.node,
            [*callee.positional, *args.positional],
            {**dict(callee.keywords), **args.keywords},
            args.open,
            args.stars,
        )
        return call(run, callee.callee, inner)
    if isinstance(callee, Extern):
        return call_extern(run, callee, args)
    if isinstance(callee, Instance):
        return call_instance(run, callee, args)
    if isinstance(callee, Method):
        return call_method(run, callee, args)
    return call_unknown(run, callee, args)


def _call_each(run: Interpreter, callee: Union, args: Args) -> Value:
    """Calls every alternative from the same state and joins what they leave."""
    found: list[Alternative] = []
    base = run.frame.assumed

    def arm(one: Alternative) -> Callable[[], bool]:
        def evaluate() -> bool:
            value = call(run, one.value, args)
            found.append(Alternative(value, run.frame.assumed - base, one.config))
            return True

        return evaluate

    run.branch([(one.when, arm(one)) for one in callee.alternatives])
    run.frame.assumed = base
    return join_alternatives(found)


def call_unknown(run: Interpreter, callee: Value, args: Args) -> Value:
    """A call of something unknown: it may zero the gradients of what it is given."""
    node = args.node
    deps = deps_of(callee)
    if isinstance(callee, Unknown) and callee.key is not None:
        deps = union_deps(deps, frozenset({callee.key}))
    for value in args.all():
        deps = union_deps(deps, deps_of(value))
    if any(_may_zero(one.value) for value in args.all() for one in alternatives_of(value)):
        run.act(ZeroGrad(run.place(node), certain=False))
    _note_loss(run, node, callee)
    key = ("made", id(node)) if isinstance(callee, Unknown) else None
    why = f"{dotted(node)} is not known" if isinstance(node, cst.Call) else ""
    return Unknown(key, deps, run.place(node), why)


def _may_zero(value: Value) -> bool:
    """Whether a value is an optimizer or a model, or may hold one."""
    if isinstance(value, Instance):
        from losslint.analysis.torch_api.registry import group_of

        return group_of(value) in ("optimizer", "module", "wrapper") or isinstance(value.cls, Class)
    if isinstance(value, Unknown):
        name = str(value.key)
        return "optim" in name or "model" in name or "net" in name
    if isinstance(value, Tuple):
        return any(_may_zero(item) for item in value.items)
    return False


def _note_loss(run: Interpreter, node: cst.CSTNode, callee: Value) -> None:
    """Counts a call as a loss call that was not understood, if it is named like one."""
    if isinstance(node, cst.Call) and len(node.args) >= 2:
        name = dotted(node.func).rpartition(".")[2]
        if _LOSS_NAMED.search(name):
            run.sites.met(run.place(node), understood=False, given=callee)
