"""Calls: of project code, of torch, of what is known by name, and of what is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from losslint.analysis.arguments import Args
from losslint.analysis.classes import construct
from losslint.analysis.functions import call_function
from losslint.analysis.joins import join_alternatives, without_none
from losslint.analysis.stated import stated_by_settings
from losslint.analysis.torch_api import losses
from losslint.analysis.torch_api.dispatch import call_extern, call_instance, call_method
from losslint.analysis.torch_api.registry import group_of
from losslint.analysis.torch_api.unknown import call_unknown
from losslint.analysis.trace import HandOver
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
    Union,
    Value,
)

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter


def call(run: Interpreter, callee: Value, args: Args) -> Value:
    """The value of a call, with all its effects."""
    run.step()
    callee = without_none(callee)
    if run.returns:
        stated = stated_by_settings(callee, run.returns, run.place(args.node))
        if stated is not None:
            return stated
    if isinstance(callee, Tensor):
        # what a factory is stated to return, called like the model that it stands for
        return callee
    if losses.is_criterion(callee):
        return losses.loss_call(run, callee, args)
    if isinstance(callee, Union):
        return _call_each(run, callee, args)
    if isinstance(callee, Function):
        return call_function(run, callee, args)
    if isinstance(callee, Bound):
        if callee.function.name == "step" and _is_optimizer(callee.self):
            run.act(HandOver(run.place(args.node)))
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


def _is_optimizer(value: Value) -> bool:
    """Whether a value is of an optimizer class of the project, which steps in its own way."""
    return isinstance(value, Instance) and group_of(value) == "optimizer"


def _call_each(run: Interpreter, callee: Union, args: Args) -> Value:
    """Calls every alternative from the same state and joins what they leave."""
    found: list[Alternative] = []
    base = run.frame.assumed

    def arm(one: Alternative) -> Callable[[], bool]:
        def evaluate() -> bool:
            value = call(run, one.value, args)
            found.append(Alternative(value, run.frame.assumed - base, one.configs))
            return True

        return evaluate

    run.branch([(one.when, arm(one)) for one in callee.alternatives])
    run.frame.assumed = base
    return join_alternatives(found)
