"""Losses that are computed and go nowhere: overwritten, never read, not even assigned."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.domain.containers import is_dict, keys_of
from losslint.analysis.domain.trail import Place
from losslint.analysis.domain.values import Instance, Tensor, Tuple, Union, Value, alternatives_of
from losslint.analysis.events import UnusedLoss
from losslint.analysis.objective.new_losses import NAMED, is_new_loss, made_in
from losslint.analysis.python.liveness import variables_of
from losslint.analysis.reading.nodes import same, walk
from losslint.analysis.reading.spelling import dotted, receiver
from losslint.analysis.tensors.blending import MORE, deps_of
from losslint.analysis.training.accumulation import losses_in
from losslint.analysis.training.trace import (
    Backward,
    Branch,
    DropLoss,
    Loop,
    Trace,
    actions,
    own_actions,
)

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter

_TIMES = re.compile(r"timer|timeit|stopwatch|bench", re.IGNORECASE)


def assigned(
    run: Interpreter,
    statement: cst.Assign | cst.AnnAssign,
    target: cst.BaseExpression,
    value: Value,
) -> None:
    """Notes a loss that is assigned to a variable, if nothing reads it from there."""
    if not isinstance(value, Tensor | Union) or not isinstance(target, cst.Name):
        return
    if run.no_grad or run.dead:
        return
    assert statement.value is not None
    frame, name = run.frame, target.value
    if name.startswith("_") or frame.scope.is_class:
        return
    parts = _summed(statement.value, name) if _is_loss(value) else frozenset()
    if not parts and not is_new_loss(run, value, statement.value, name):
        return
    body = run.module.source.tree if frame.body is None else frame.body
    variables = variables_of(body)
    if variables.is_read_next(statement, name):
        return
    stores = variables.dead_stores(name)
    if statement not in stores or _is_timed(body, statement) or _evaluates(body, statement):
        return
    others = stores[statement] - {statement}
    if any(_is_computed_again(statement, one) for one in others) or _is_left_out(body, name):
        return
    later = min(others, key=list(walk(body)).index, default=None)
    overwritten = None if later is None else run.place(later)
    place, losses = run.place(statement.value), losses_in(value)
    deps = deps_of(value)
    run.act(DropLoss(place, name, overwritten, frame.in_loss, frame.body, losses, deps, parts))


def _summed(node: cst.BaseExpression, name: str) -> frozenset[str]:
    """The losses by name that a total adds up; nothing for what is no total of any."""
    if not _TOTAL.search(name):
        return frozenset()
    found: set[str] = set()
    while isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Add):
        found.update(one.value for one in (node.left, node.right) if isinstance(one, cst.Name))
        node = node.left
    return frozenset(one for one in found if NAMED.search(one) and one != name)


_TOTAL = re.compile(
    r"(^|_)(total|full|overall|combined|sum|final|all)_?(loss|cost|objective)$"
    r"|(^|_)(loss|cost|objective)_?(total|full|overall|combined|sum|final|all)$",
    re.IGNORECASE,
)


def _is_loss(value: Value) -> bool:
    """Whether a value is a loss with its graph, whatever it may be else."""
    return any(
        isinstance(one.value, Tensor) and one.value.grad and bool(one.value.terms)
        for one in alternatives_of(value)
    )


def _is_left_out(body: cst.CSTNode, name: str) -> bool:
    """Whether somebody took a term out of a sum on purpose: ``loss = main  # + name``."""
    comments = (
        one.trailing_whitespace.comment
        for one in walk(body)
        if isinstance(one, cst.SimpleStatementLine)
    )
    term = re.compile(rf"[+*].*\b{re.escape(name)}\b")
    return any(one is not None and term.search(one.value) for one in comments)


def _is_computed_again(statement: cst.CSTNode, other: cst.CSTNode) -> bool:
    """Whether another statement gives the variable the very same value, which is used there."""
    one, again = getattr(statement, "value", None), getattr(other, "value", None)
    return one is not None and again is not None and same(one, again)


def _is_timed(body: cst.CSTNode, statement: cst.CSTNode) -> bool:
    """Whether a statement is run to see how long it takes: `with timer:`."""
    return any(
        any(_TIMES.search(dotted(item.item)) for item in one.items)
        and any(below is statement for below in walk(one.body))
        for one in walk(body)
        if isinstance(one, cst.With)
    )


def _evaluates(body: cst.CSTNode, statement: cst.CSTNode) -> bool:
    """Whether a statement stands behind `model.eval()`, and behind no `model.train()` after it."""
    mode = ""
    for one in walk(body):
        if one is statement:
            break
        if isinstance(one, cst.Call) and isinstance(one.func, cst.Attribute):
            if one.func.attr.value in ("eval", "train"):
                mode = one.func.attr.value
    return mode == "eval"


def discarded(run: Interpreter, node: cst.BaseExpression, value: Value) -> None:
    """Notes a loss that a statement computes without doing anything with it."""
    if run.no_grad or run.dead or not (made_in(value, node) or _is_rest_of_a_sum(node, value)):
        return
    run.act(DropLoss(run.place(node), "", None, run.frame.in_loss))


def _is_rest_of_a_sum(node: cst.BaseExpression, value: Value) -> bool:
    """Whether a line goes on with a sum that was over where the line before ended: `+ 0.1 * x`."""
    while isinstance(node, cst.BinaryOperation):
        node = node.left
    return isinstance(node, cst.UnaryOperation) and _is_loss(value)


def note_return(run: Interpreter, value: Value) -> None:
    """Notes that the function that is left returns a loss with its graph."""
    items = value.items if isinstance(value, Tuple) else (value,)
    if isinstance(value, Instance) and is_dict(value):
        items = tuple(value.slots[key] for key in keys_of(value))
    losses = (one.value for item in items for one in alternatives_of(item))
    if run.frame.body is not None and not run.no_grad:
        if any(isinstance(one, Tensor) and one.grad and one.terms for one in losses):
            run.seen.returning.add(run.frame.body)


def unused_losses(run: Interpreter) -> Iterator[UnusedLoss]:
    """The losses that go nowhere although what is around them trains with another one."""
    found: set[Place] = set()
    for trace in run.roots:
        for drop, around in _dropped_in(trace, trace):
            backwards = [one for one in actions(around) if isinstance(one, Backward)]
            terms = sorted(_called_on(backwards) & drop.parts)
            if drop.parts:
                if len(terms) != 1:
                    continue
            elif any(_is_of(drop, one) for one in backwards):
                continue  # it was used where it was computed
            beside = any(isinstance(one, Backward) for one in own_actions(around))
            trains = drop.in_loss or beside or drop.body in run.seen.returning
            if trains and drop.place not in found:
                found.add(drop.place)
                yield UnusedLoss(drop.place, drop.name, drop.overwritten, "".join(terms))


def _called_on(backwards: Iterable[Backward]) -> set[str]:
    """The variables whose ``backward`` is called."""
    return {receiver(one.place.node, "") for one in backwards}


def _is_of(drop: DropLoss, backward: Backward) -> bool:
    """Whether a loss may be what is backpropagated, or a term of it.

    Of two that one function computes, each is told by the layers that it depends on.
    """
    through = not backward.deps or backward.deps >= MORE or drop.deps <= backward.deps
    return through and bool(drop.losses & backward.losses)


def _dropped_in(trace: Trace, around: Trace) -> Iterator[tuple[DropLoss, Trace]]:
    """Every loss that is dropped, with all that happens in the innermost loop around it."""
    for action in trace:
        if isinstance(action, Loop):
            yield from _dropped_in(action.body, action.body if action.repeats else around)
        elif isinstance(action, Branch):
            for arm in action.arms:
                yield from _dropped_in(arm, around)
        elif isinstance(action, DropLoss):
            yield action, around
