"""Calls: of project code, of torch, of what is known by name, and of what is not."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeGuard

import libcst as cst

from losslint.analysis.domain.arguments import Args, lacks, takes
from losslint.analysis.domain.joins import join_alternatives, without_none
from losslint.analysis.domain.lookup import defined
from losslint.analysis.domain.values import (
    NO_CONFIGURATION,
    UNKNOWN,
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
from losslint.analysis.objective.crossings import untie
from losslint.analysis.objective.named_losses import is_loss_class, is_loss_function
from losslint.analysis.python.classes import construct
from losslint.analysis.python.enums import by_value, is_enum
from losslint.analysis.python.functions import call_function
from losslint.analysis.reading.spelling import dotted
from losslint.analysis.reading.stated import stated_by_settings
from losslint.analysis.torch_api.dispatch import call_extern, call_instance, call_method
from losslint.analysis.torch_api.known_criteria import is_criterion
from losslint.analysis.torch_api.losses import loss_call
from losslint.analysis.torch_api.modules import is_activation
from losslint.analysis.torch_api.registry import group_of
from losslint.analysis.torch_api.unknown import call_unknown
from losslint.analysis.training.trace import HandOver, ZeroGrad

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
    if isinstance(callee, Union):
        fitting = tuple(one for one in callee.alternatives if _takes(one.value, args))
        callee = Union(fitting or callee.alternatives)
    if is_criterion(callee):
        return loss_call(run, callee, args)
    if isinstance(callee, Union):
        run.seen.of_several.add(run.place(args.node))
        return _call_each(run, callee, args)
    if isinstance(callee, Function):
        return call_function(run, callee, args)
    if isinstance(callee, Bound):
        if _is_optimizer(callee.self):
            _act_as_optimizer(run, callee.self, callee.function.name, args)
        return call_function(run, callee.function, args, callee.self)
    if isinstance(callee, Class) and not _takes(callee, args) and not _lacks(callee, args):
        return call_unknown(run, UNKNOWN, args)  # another class of that name is meant
    if isinstance(callee, Class):
        return by_value(callee, args) if is_enum(callee) else construct(run, callee, args)
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


def _is_optimizer(value: Value) -> TypeGuard[Instance]:
    """Whether a value is of an optimizer class of the project, which steps in its own way."""
    return isinstance(value, Instance) and group_of(value) == "optimizer"


def _act_as_optimizer(run: Interpreter, optimizer: Instance, method: str, args: Args) -> None:
    """What a method of such a class does for the optimizer itself, whatever it is made of."""
    if method == "step":
        run.act(HandOver(run.place(args.node)))
    elif method == "zero_grad":
        run.act(ZeroGrad(run.place(args.node), optimizer=optimizer.oid))


def _lacks(callee: Class, args: Args) -> bool:
    """Whether a class is meant by a call that leaves out what it needs."""
    init = defined(callee, "__init__")
    return isinstance(init, Function) and lacks(init.node, args, 1)


def _takes(callee: Value, args: Args) -> bool:
    """Whether a callable can be meant by a call; one that would raise is none of the choice."""
    bound = 0
    if isinstance(callee, Class):
        init = defined(callee, "__init__")
        callee, bound = init if isinstance(init, Function) else callee, 1
    elif isinstance(callee, Bound):
        callee, bound = callee.function, 1
    elif isinstance(callee, Instance) and isinstance(callee.cls, Class):
        called = defined(callee.cls, "__call__") or defined(callee.cls, "forward")
        callee, bound = called or callee, 1
    if not isinstance(callee, Function):
        return True
    changed = isinstance(callee.node, cst.FunctionDef) and bool(callee.node.decorators)
    return changed or takes(callee.node, args, bound)


def _call_each(run: Interpreter, callee: Union, args: Args) -> Value:
    """Calls every alternative from the same state and joins what they leave."""
    found: list[Alternative] = []
    told: list[tuple[int, int]] = []
    base = run.frame.assumed
    # what takes the name of an activation is no program of its own with each of them
    by_name = all(is_activation(one.value) for one in callee.alternatives)

    def arm(one: Alternative) -> Callable[[], bool]:
        def evaluate() -> bool:
            start = len(run.events)
            value = call(run, one.value, args)
            told.append((start, len(run.events)))
            configs = NO_CONFIGURATION if by_name else one.configs
            found.append(Alternative(value, run.frame.assumed - base, configs))
            return True

        return evaluate

    run.branch([(one.when, arm(one)) for one in callee.alternatives])
    run.frame.assumed = base
    if len(told) > 1 and any(_is_loss(one.value, args) for one in callee.alternatives):
        untie(run.events, told)
    return join_alternatives(found)


_LOSS = re.compile(r"loss|criteri", re.IGNORECASE)


def _is_loss(callee: Value, args: Args) -> bool:
    """Whether a callable is a loss, going by its name or by what it is called here."""
    if isinstance(args.node, cst.Call) and _LOSS.search(dotted(args.node.func)):
        return True
    if isinstance(callee, Instance):
        return isinstance(callee.cls, Class) and is_loss_class(callee.cls)
    return isinstance(callee, Function) and is_loss_function(callee, callee.owner)
