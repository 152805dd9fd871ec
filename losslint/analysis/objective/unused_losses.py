"""Losses that are computed and go nowhere: overwritten, never read, not even assigned."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.domain.trail import Place
from losslint.analysis.domain.values import Tensor, Union, Value, alternatives_of
from losslint.analysis.events import UnusedLoss
from losslint.analysis.python.liveness import variables_of
from losslint.analysis.reading.nodes import walk
from losslint.analysis.reading.spelling import dotted
from losslint.analysis.training.trace import Backward, Branch, DropLoss, Loop, Trace, actions

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter

_LOSS = re.compile(r"(^|_)loss(es)?(_|\d|$)", re.IGNORECASE)
_TIMES = re.compile(r"timer|timeit|stopwatch|bench", re.IGNORECASE)
_SUMS = (cst.Add, cst.Subtract, cst.Divide)


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
    if not _is_new_loss(value, statement.value, frame.in_loss and bool(_LOSS.search(name))):
        return
    if name.startswith("_") or frame.scope.is_class:
        return
    body = run.module.source.tree if frame.body is None else frame.body
    variables = variables_of(body)
    if variables.is_read_next(statement, name):
        return
    stores = variables.dead_stores(name)
    if statement not in stores or _is_timed(body, statement):
        return
    others = stores[statement] - {statement}
    later = min(others, key=list(walk(body)).index, default=None)
    overwritten = None if later is None else run.place(later)
    run.act(DropLoss(run.place(statement.value), name, overwritten, frame.in_loss))


def _is_timed(body: cst.CSTNode, statement: cst.CSTNode) -> bool:
    """Whether a statement is run to see how long it takes: `with timer:`."""
    return any(
        any(_TIMES.search(dotted(item.item)) for item in one.items)
        and any(below is statement for below in walk(one.body))
        for one in walk(body)
        if isinstance(one, cst.With)
    )


def discarded(run: Interpreter, node: cst.BaseExpression, value: Value) -> None:
    """Notes a loss that a statement computes without doing anything with it."""
    if run.no_grad or run.dead or not _made_in(value, node):
        return
    run.act(DropLoss(run.place(node), "", None, run.frame.in_loss))


def _is_new_loss(value: Value, node: cst.BaseExpression, named: bool) -> bool:
    """Whether an expression computes a loss with its graph, and not just names or scales one.

    Args:
        value: the value of the expression.
        node: the expression.
        named: whether what stands in its place and is named like this is a loss.
    """
    if _made_in(value, node):
        return True
    if not named or not isinstance(node, cst.BinaryOperation):
        return False
    return isinstance(node.operator, _SUMS) and all(
        isinstance(one.value, Tensor) and one.value.grad for one in alternatives_of(value)
    )


def _made_in(value: Value, node: cst.BaseExpression) -> bool:
    """Whether a criterion that is called in an expression gives a loss with its graph."""
    made: set[cst.CSTNode] = set()
    for one in alternatives_of(value):
        if not isinstance(one.value, Tensor) or not one.value.grad or not one.value.terms:
            return False
        made.update(term.place.node for term in one.value.terms)
    return any(below in made for below in walk(node))


def unused_losses(run: Interpreter) -> Iterator[UnusedLoss]:
    """The losses that go nowhere although what is around them trains with another one."""
    found: set[Place] = set()
    for trace in run.roots:
        for drop, around in _dropped_in(trace, trace):
            trains = drop.in_loss or any(isinstance(one, Backward) for one in actions(around))
            if trains and drop.place not in found:
                found.add(drop.place)
                yield UnusedLoss(drop.place, drop.name, drop.overwritten)


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
