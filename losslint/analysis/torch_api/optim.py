"""Optimizers: which parameters they hold, and what their methods do to gradients."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.domain.arguments import Args
from losslint.analysis.domain.conditions import GIVEN
from losslint.analysis.domain.containers import element, elements, kind_of
from losslint.analysis.domain.heap import REST
from losslint.analysis.domain.values import (
    NONE,
    TRUE,
    UNKNOWN,
    Alternative,
    Bound,
    Class,
    Extern,
    Function,
    Instance,
    Params,
    Tensor,
    Tuple,
    Union,
    Unknown,
    Value,
    alternatives_of,
)
from losslint.analysis.reading.spelling import dotted, receiver
from losslint.analysis.torch_api.registry import Op, group_of, method
from losslint.analysis.torch_api.unknown import is_optimizer_of_others
from losslint.analysis.training.gradient_flow import layers_of
from losslint.analysis.training.handling import parts_of
from losslint.analysis.training.trace import (
    HandOver,
    OptimizerMade,
    OptimizerStep,
    Unscale,
    ZeroGrad,
)
from losslint.finding import Confidence

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter

_OPTIMIZER_NAMED = re.compile(
    r"optim|(^|[_.])opt(_|$|\d|[A-Z])|solver|trainer_[a-z]$|adam|sgd", re.IGNORECASE
)
_NOT_OPTIMIZER = re.compile(r"sched|lr_|env|engine|_model|scaler", re.IGNORECASE)
OWNED_DEPTH = 6


def owners_of(run: Interpreter, value: Value, depth: int = 0) -> frozenset[Hashable] | None:
    """The modules whose parameters a value holds; None where they cannot be told."""
    if depth > OWNED_DEPTH:
        return None
    if isinstance(value, Params):
        return value.owners
    if isinstance(value, Tensor):
        return frozenset() if value.owner is None and not value.grad else value.owner
    if isinstance(value, Union):
        return _all(run, [one.value for one in value.alternatives], depth)
    if isinstance(value, Unknown) and value.key is not None:
        holder = run.heap.get(run.symbols, (value.key, _GROUPS_OF))
        return held_by(run, holder) if isinstance(holder, Instance) else None
    if isinstance(value, Tuple):
        return _all(run, list(value.items), depth)
    if isinstance(value, Instance):
        if group_of(value) in ("list", "modulelist"):
            return owners_of(run, element(run, value, None), depth + 1)
        params = run.heap.get(value.slots, ("key", "params"))
        if params is not None:
            return owners_of(run, params, depth + 1)
        rest = run.heap.get(value.slots, REST)
        if rest is not None:
            return owners_of(run, rest, depth + 1)
    return None


def _all(run: Interpreter, values: list[Value], depth: int) -> frozenset[Hashable] | None:
    found: frozenset[Hashable] = frozenset()
    for value in values:
        owners = owners_of(run, value, depth + 1)
        if owners is None:
            return None
        found |= owners
    return found


def groups_of(run: Interpreter, optimizer: Instance) -> Unknown:
    """``optimizer.param_groups``: one that wraps another has them in common with it."""
    groups = Unknown(("attr", optimizer.oid, "param_groups"), frozenset({optimizer.oid}))
    run.heap.set(run.symbols, (groups.key, _GROUPS_OF), optimizer)
    return groups


_GROUPS_OF = "<groups of>"
"""What is noted of the symbol of the groups of an optimizer: whose they are."""


def together(run: Interpreter, values: Sequence[Value]) -> Params:
    """The parameters that several values hold, as far as they can be told."""
    owners = _all(run, list(values), 0)
    if owners is not None:
        return Params(owners)
    known = (one.among | (one.owners or frozenset()) for one in values if isinstance(one, Params))
    return Params(None, frozenset().union(*known))


def parameters_of(run: Interpreter, target: Value) -> Params:
    """``target.parameters()``."""
    if isinstance(target, Instance):
        return Params(parts_of(target))
    if isinstance(target, Unknown) and target.key is not None:
        return Params(frozenset({target.key}))
    return Params(None)


def _given(run: Interpreter, optimizer: Instance) -> Value | None:
    """The parameters that an optimizer was given."""
    by_name = ("opt", "params")
    return run.heap.get(optimizer.slots, ("arg", 0)) or run.heap.get(optimizer.slots, by_name)


def held_by(run: Interpreter, optimizer: Instance) -> frozenset[Hashable] | None:
    """The modules whose parameters an optimizer was given, or took over from another."""
    params = _given(run, optimizer) or run.heap.get(optimizer.slots, "param_groups")
    return None if params is None else owners_of(run, params)


def optimizer_made(run: Interpreter, optimizer: Instance, node: cst.CSTNode) -> OptimizerMade:
    """The building of an optimizer."""
    params = _given(run, optimizer)
    owners = frozenset() if _are_leaves(run, params) else held_by(run, optimizer)
    whole = isinstance(params, Params)
    return OptimizerMade(run.place(node), owners, optimizer.oid, whole, run.frame.name)


def _are_leaves(run: Interpreter, params: Value | None) -> bool:
    """Whether an optimizer is given tensors of the program's own, and no parameters of modules."""
    items = None if params is None else elements(run, params)
    return bool(items) and all(
        isinstance(one, Tensor) and one.owner is None and not layers_of(one) for one in items or ()
    )


@method("optimizer", "zero_grad")
def _zero(op: Op, target: Instance) -> Value:
    params = _given(op.run, target)
    owners = held_by(op.run, target)
    if owners is None and isinstance(params, Params) and params.among:
        owners = params.among
    op.run.act(ZeroGrad(op.run.place(op.node), optimizer=target.oid, owners=owners))
    return NONE


@method("optimizer", "add_param_group")
def _add_group(op: Op, target: Instance) -> Value:
    known = op.run.heap.get(target.slots, ("arg", 0)) or UNKNOWN
    op.run.heap.set(target.slots, ("arg", 0), Tuple((known, op.arg(0, "param_group"))))
    return NONE


@method("optimizer", "step")
def _step(op: Op, target: Instance) -> Value:
    closure = op.given(0, "closure")
    if isinstance(closure, Function | Bound):
        op.run.call(closure, Args(op.node))
    elif closure is not None and closure != NONE:
        op.run.act(HandOver(op.run.place(op.node)))
        return NONE  # a distributed optimizer, whose gradients live in a context
    step(op.run, op.node, target)
    return NONE


def step(
    run: Interpreter,
    node: cst.CSTNode,
    optimizer: Value,
    scaled: bool = False,
    *,
    given: bool = False,
) -> None:
    """Records that an optimizer uses its gradients.

    Args:
        run: the interpreter.
        node: the call.
        optimizer: what is stepped.
        scaled: whether a gradient scaler steps it that is switched on.
        given: whether it is given to the call, as to any scaler, which is one of an optimizer then.
    """
    given = given or scaled
    label = _first_argument(node) if given else spelled(node)
    if label.endswith("[...]") and not _constant_index(node):
        run.act(HandOver(run.place(node)))
        return  # another optimizer each time
    if optimizer == NONE:
        optimizer = Unknown((GIVEN, label))
    if isinstance(optimizer, Union):
        known = [one for one in optimizer.alternatives if one.value != NONE]
        if len(known) == 1:
            step(run, node, known[0].value, scaled, given=given)
        elif known and all(map(_is_optimizer, known)):
            _of_each(run, known, lambda one: step(run, node, one, scaled, given=given))
        else:
            run.act(HandOver(run.place(node)))
        return
    if isinstance(optimizer, Instance) and group_of(optimizer) == "optimizer":
        owners = held_by(run, optimizer)
        if owners and run.heap.get(optimizer.slots, ("opt", "maximize")) == TRUE:
            run.seen.weights.tended |= owners
        sure = Confidence.HIGH
        kind = kind_of(optimizer)
        run.act(OptimizerStep(run.place(node), optimizer.oid, label, owners, sure, scaled, kind))
    elif is_optimizer_of_others(optimizer) or _is_of_the_project(run, optimizer):
        run.act(HandOver(run.place(node)))
    elif isinstance(optimizer, Unknown) and (given or looks_like_optimizer(label)):
        key = optimizer.key if optimizer.key is not None else label
        run.act(OptimizerStep(run.place(node), key, label, None, Confidence.MEDIUM, scaled))


def _is_of_the_project(run: Interpreter, optimizer: Value) -> bool:
    """Whether it was asked for a class of the project here, which steps in its own way."""
    key = optimizer.key if isinstance(optimizer, Unknown) else None
    return key is not None and any(
        outcome
        and isinstance(test, tuple)
        and test[:2] == ("isinstance", key)
        and isinstance(test[-1], Class)
        for test, outcome in run.assumed()
    )


def _is_optimizer(one: Alternative) -> bool:
    return isinstance(one.value, Instance) and group_of(one.value) == "optimizer"


def _of_each(
    run: Interpreter, optimizers: Sequence[Alternative], act: Callable[[Value], None]
) -> None:
    """Does to one of several optimizers what is done to that which was chosen."""
    base = run.frame.assumed

    def arm(optimizer: Value) -> Callable[[], bool]:
        def evaluate() -> bool:
            act(optimizer)
            return True

        return evaluate

    run.branch([(one.when, arm(one.value)) for one in optimizers])
    run.frame.assumed = base


def unscale(run: Interpreter, node: cst.CSTNode, optimizer: Value) -> None:
    """Records that a gradient scaler divides the gradients of an optimizer by its scale."""
    if isinstance(optimizer, Union):
        known = [one for one in optimizer.alternatives if one.value != NONE]
        _of_each(run, known, lambda one: unscale(run, node, one))
        return
    key: Hashable = None
    if isinstance(optimizer, Instance):
        key = optimizer.oid
    elif isinstance(optimizer, Unknown):
        key = optimizer.key if optimizer.key is not None else _first_argument(node)
    run.act(Unscale(run.place(node), key))


def _first_argument(node: cst.CSTNode) -> str:
    """What a method is given, as it is spelled in the code."""
    return dotted(node.args[0].value) if isinstance(node, cst.Call) and node.args else ""


def looks_like_scaler(label: str) -> bool:
    """Whether a name is one that people give to gradient scalers."""
    return "scaler" in label.casefold()


def _constant_index(node: cst.CSTNode) -> bool:
    """Whether a method is called on an item that is always the same."""
    if not isinstance(node, cst.Call) or not isinstance(node.func, cst.Attribute):
        return False
    holder = node.func.value
    if not isinstance(holder, cst.Subscript) or len(holder.slice) != 1:
        return False
    index = holder.slice[0].slice
    return isinstance(index, cst.Index) and isinstance(index.value, cst.Integer | cst.SimpleString)


def looks_like_optimizer(label: str) -> bool:
    """Whether a name is one that people give to optimizers and to nothing else."""
    return bool(_OPTIMIZER_NAMED.search(label)) and not _NOT_OPTIMIZER.search(label)


def is_no_optimizer(label: str) -> bool:
    """Whether a name is one of other things that step."""
    return bool(_NOT_OPTIMIZER.search(label))


def spelled(node: cst.CSTNode) -> str:
    """The object of a method call as it is spelled in the code."""
    return receiver(node, "the optimizer")


def is_given_parameters(run: Interpreter, name: str, args: Args) -> bool:
    """Whether what is called like an optimizer of torch is given what such a one is given.

    Other frameworks have optimizers of these names. Those that are written in a course, on top of
    numpy, take the model itself.

    Args:
        run: the interpreter.
        name: the qualified name of the class, which lies outside the project.
        args: what it is built with.
    """
    if _OF_TORCH.match(name):
        return True
    given = [one.value for one in alternatives_of(args.get(0, "params", "parameters") or UNKNOWN)]
    if any(isinstance(one, Instance) and group_of(one) == "module" for one in given):
        return False
    known = any(not isinstance(one, Unknown) for one in given)
    return known or any(
        isinstance(one, Extern) and _OF_TORCH.match(one.name) for one in run.module.slots.values()
    )


_OF_TORCH = re.compile(r"\w*torch|(transformers|apex|bitsandbytes)\b")
"""Libraries that are torch's, or that are made for it."""
