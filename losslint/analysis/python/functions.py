"""Calls of the project's own functions: evaluated with their actual arguments, and remembered."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.domain.arguments import Args, bind, pairs_of, parameters_of
from losslint.analysis.domain.choices import contradict
from losslint.analysis.domain.conditions import CUT_OFF, lasting, symbols_in
from losslint.analysis.domain.heap import REST
from losslint.analysis.domain.joins import join
from losslint.analysis.domain.marks import NO_GRAD
from losslint.analysis.domain.scope import Exit, Frame, Scope
from losslint.analysis.domain.trail import Place, extend
from losslint.analysis.domain.values import (
    ALWAYS,
    NONE,
    UNKNOWN,
    Act,
    Class,
    Conditions,
    Const,
    Extern,
    Function,
    Instance,
    Method,
    TargetKind,
    Tensor,
    Tuple,
    Union,
    Unknown,
    Value,
)
from losslint.analysis.interpreter import MAX_DEPTH, Interpreter
from losslint.analysis.memo import Remembered, widen
from losslint.analysis.objective.labels import with_labels
from losslint.analysis.objective.named_losses import is_loss_class, is_loss_function
from losslint.analysis.objective.objectives import note_returned
from losslint.analysis.objective.reaching import (
    note_together,
    reaches_loss,
    reaches_output,
    with_graph,
)
from losslint.analysis.objective.unused_losses import note_return
from losslint.analysis.python.demonstrations import note_caller
from losslint.analysis.python.given import given
from losslint.analysis.python.reach import is_part_of_call
from losslint.analysis.python.results import told_apart
from losslint.analysis.python.stubs import is_stub
from losslint.analysis.tensors.blending import deps_of, is_of_data, union_deps
from losslint.analysis.torch_api.registry import group_of
from losslint.analysis.training.gradient_flow import through_loss
from losslint.analysis.training.lightning import is_without_gradient
from losslint.analysis.training.trace import (
    HandOver,
    Observed,
    SetWeights,
    ZeroGrad,
    actions,
    is_certain,
)

if TYPE_CHECKING:
    from losslint.analysis.domain.heap import Slots


def call_function(
    run: Interpreter,
    function: Function,
    args: Args,
    self: Value | None = None,
    owner: Class | None = None,
) -> Value:
    """The value that a call of a project function returns, with all its effects."""
    node = function.node
    if self is not None:
        args = args.behind(self)
    if not run.dead:
        note_caller(run, function, args)
    depth = sum(1 for frame in run.frames if frame.scope.slots.get(_CODE) == function)
    if depth >= 2 or len(run.frames) > MAX_DEPTH:
        return _left_out(run, args, f"{function.name} calls itself or lies too deep")
    if function.owner is not None and is_stub(node):
        return _left_out(run, args, f"{function.name} is left to subclasses", acts=run.loops > 0)
    bound = bind(parameters_of(node), args, dict(function.defaults))
    if not args.open:
        bound = given(node, bound)
    judges = is_loss_function(function, owner or function.owner)
    bound = with_labels(node, bound, self, judges=judges)
    key = _key(run, function, bound)
    known = run.memo.find(key)
    widened = known is None and run.memo.full(node)
    if widened:
        tested = symbols_in(run.assumed())
        bound = {
            name: value if value is self else widen(value, tested) for name, value in bound.items()
        }
        key = _key(run, function, bound)
        known = run.memo.find(key)
        if known is None and run.memo.exhausted(node):
            why = f"{function.name} is called in too many ways"
            left_out = _left_out(run, args, why, acts=run.memo.may_act(node))
            return _as_usual(run.memo.usual(node), left_out)
    if not run.dead and not run.is_tried(function.scope):
        run.entered.add(node)
        if isinstance(self, Instance) and isinstance(self.cls, Class):
            run.entered_on.add((node, self.cls))
    if known is not None:
        run.heap.record(known.reads)
        run.heap.apply(known.writes)
        run.trace.extend(known.trace)
        _assume(run, known.held)
        return _returned(run, function, args, told_apart(run, function, bound, args, known.value))
    newest = run.heap.newest
    run.heap.start_recording()
    outer_trace, run.trace = run.trace, []
    mark, told, steps = run.heap.mark(), run.told, run.steps
    try:
        call = run.place(args.node) if isinstance(args.node, cst.Call) and run.frames else None
        owner = owner or function.owner
        slots, value, held = _evaluate(run, function, bound, self, owner, widened, call)
    finally:
        trace = tuple(run.trace)
        run.trace = outer_trace
        reads = run.heap.stop_recording()
    run.trace.extend(trace)
    writes = {
        at: written for at, written in run.heap.writes_since(mark).items() if at[0] is not slots
    }
    acted = [one for one in actions(trace) if not isinstance(one, Observed | SetWeights)]
    taught = (
        run.told != told
        or any(map(is_certain, acted))
        or (isinstance(self, Instance) and group_of(self) == "module")
        or not all(map(_plain, (value, *writes.values())))
    )
    run.memo.count(node, run.steps - steps, taught)
    run.memo.gave(node, value, bool(acted))
    fresh = _holds_new(value, newest) or any(
        written is not None and _holds_new(written, newest) for written in writes.values()
    )
    if not fresh:
        run.memo.keep(key, Remembered(reads, writes, trace, value, held))
    _assume(run, held)
    return _returned(run, function, args, told_apart(run, function, bound, args, value))


def _left_out(run: Interpreter, args: Args, why: str, acts: bool = True) -> Unknown:
    """What a call gives that is not evaluated: something made of its arguments and more.

    Args:
        run: the interpreter.
        args: the arguments, with the object of a method.
        why: the reason, for who asks where a trail was lost.
        acts: whether it may do something to gradients.
    """
    place = run.place(args.node)
    if acts:
        run.act(ZeroGrad(place, certain=False))
        run.act(HandOver(place))
    deps: frozenset[Hashable] = frozenset({(CUT_OFF, id(args.node))})
    if run.no_grad:
        deps |= {NO_GRAD}
    for value in args.all():
        deps = union_deps(deps, deps_of(value))
        if isinstance(value, Instance):
            deps = union_deps(deps, frozenset({value.oid}))
    return Unknown(None, deps, place, why, grad=not is_of_data(list(args.all())))


def _as_usual(usual: Value, instead: Unknown) -> Value:
    """A result of which the activation is known, since it was the same however it was called."""
    if isinstance(usual, Tensor):
        return usual.but(deps=instead.deps, grad=usual.grad and NO_GRAD not in instead.deps)
    if isinstance(usual, Tuple):
        return Tuple(tuple(_as_usual(item, instead) for item in usual.items))
    return instead


def _key(run: Interpreter, function: Function, bound: dict[str, Value]) -> object:
    return (
        function,
        tuple(bound.items()),
        run.assumed(),
        run.no_grad > 0,
        run.autocast > 0,
        run.dead > 0,
        run.in_trial,
    )


_CODE = "<function>"
"""The slot of a call's locals that holds the function itself, to see recursion."""


def _evaluate(
    run: Interpreter,
    function: Function,
    bound: dict[str, Value],
    self: Value | None,
    owner: Class | None,
    widened: bool,
    call: Place | None,
) -> tuple[Slots, Value, Conditions]:
    node = function.node
    slots = run.heap.new_slots()
    mark = run.heap.mark()
    scope = Scope(function.scope.module, slots, function.scope)
    untrained = function.no_grad or is_without_gradient(run, function, owner)
    frame = Frame(
        scope,
        function.name,
        self=self,
        owner=owner,
        entered=run.assumed() if run.frames else frozenset(),
        mark=mark,
        in_loss=is_loss_function(function, owner) or _is_part_of_loss(run, function, owner),
        widened=widened,
        body=node.body if isinstance(node, cst.FunctionDef) else None,
        function=function,
        call=call,
    )
    if function.owner is not None and function.name == "forward" and is_loss_class(function.owner):
        run.seen.loss_modules.setdefault(function, function.owner)
    run.heap.set(slots, _CODE, function)
    parameters = parameters_of(node)
    for name, value in bound.items():
        if name == parameters.double_star and isinstance(value, Tuple):
            run.heap.set(slots, name, run.new_dict(pairs_of(value)))
        else:
            run.heap.set(slots, name, value)
    run.frames.append(frame)
    held = ALWAYS
    try:
        with run.with_gradient(function.grad), run.without_gradient(untrained):
            if isinstance(node, cst.Lambda):
                value = run.eval(node.body)
            else:
                if run.exec(node.body.body):
                    run.leave(frame.returns, mark, NONE)
                held = _held_at(frame.returns)
                value = run.rejoin(frame.returns, mark) if frame.returns else UNKNOWN
            if frame.yields:
                made = run.new_list()
                run.heap.set(made.slots, REST, join(frame.yields))
                value = made
        note_return(run, value)
        if frame.in_loss or function.name == "forward":
            note_together(run, value)
        if frame.in_loss and not run.no_grad:
            reaches_loss(run, with_graph(value))
            if len(run.frames) == 2:
                note_returned(run, function, value)
            value = through_loss(run, bound.values(), value)
        elif function.name == "forward" and isinstance(value, Instance) and not run.no_grad:
            loss = run.heap.get(value.slots, ("key", "loss"))
            if loss is not None:  # what trains such a model takes its loss from there
                reaches_loss(run, loss)
        if function.name == "forward" and isinstance(self, Instance) and not run.no_grad:
            reaches_output(run, self, value)
    finally:
        run.frames.pop()
    return slots, value, held


def _held_at(exits: list[Exit]) -> Conditions:
    """What a function claims of the program's options, since it would have raised otherwise."""
    found = [lasting(way.value.when) for way in exits]
    return found[0].intersection(*found[1:]) if found else ALWAYS


def _assume(run: Interpreter, held: Conditions) -> None:
    """Takes it from here that what a function claims is so."""
    if held and run.frames and not contradict(held, run.assumed()):
        run.frame.assumed |= held


def _is_part_of_loss(run: Interpreter, function: Function, owner: Class | None) -> bool:
    """Whether a method that is evaluated on its own is what the call of a loss can lead to.

    No call does with the options that the program gives, but its readers may give others.
    """
    return (
        owner is not None
        and len(run.frames) == 1
        and is_loss_class(owner)
        and is_part_of_call(owner, function.name)
    )


def _plain(value: Value | None) -> bool:
    """Whether nothing is known of a value that could make or unmake a finding."""
    kind = type(value)
    if isinstance(value, Tensor):
        return (
            value.act is Act.UNKNOWN
            and value.target is TargetKind.UNKNOWN
            and value.zero is None
            and not value.terms
            and not value.operations
        )
    if isinstance(value, Tuple):
        return all(map(_plain, value.items))
    if isinstance(value, Union):
        return all(_plain(one.value) for one in value.alternatives)
    if isinstance(value, Instance):
        return isinstance(value.cls, Extern) and value.cls.name.startswith("builtins.")
    return kind in (Unknown, Const, Method) or value is None


def _holds_new(value: Value, newest: int) -> bool:
    """Whether a value gives out an object that the call itself made."""
    if isinstance(value, Instance):
        return value.oid > newest
    if isinstance(value, Tuple):
        return any(_holds_new(item, newest) for item in value.items)
    if isinstance(value, Union):
        return any(_holds_new(one.value, newest) for one in value.alternatives)
    if isinstance(value, Function):
        return value.scope.slots.oid > newest
    return False


def _returned(run: Interpreter, function: Function, args: Args, value: Value) -> Value:
    """The value with the step that this function handed it back to this call."""
    if isinstance(function.node, cst.Lambda) or not run.frames:
        return value
    title = f"{function.owner.name}.{function.name}" if function.owner else function.name
    return with_step(value, run.place(args.node), f"returned by {title}")


def with_step(value: Value, place: Place, message: str) -> Value:
    """The value with one more step on the trail of each tensor in it."""
    if isinstance(value, Tensor):
        if value.trail is None:
            return value
        return value.but(trail=extend(value.trail, place, message))
    if isinstance(value, Tuple):
        items = tuple(with_step(item, place, message) for item in value.items)
        return (
            Tuple(items)
            if any(a is not b for a, b in zip(items, value.items, strict=True))
            else value
        )
    if isinstance(value, Union):
        return Union(
            tuple(
                type(one)(with_step(one.value, place, message), one.when, one.configs)
                for one in value.alternatives
            )
        )
    return value
