"""Loops, run to a small fixed point; short loops over known items are unrolled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import TypeGuard

import libcst as cst

from losslint.analysis.domain.containers import TAIL, element, elements, has_grown, of_loader
from losslint.analysis.domain.heap import ITEMS, REST
from losslint.analysis.domain.joins import join_alternatives, truth
from losslint.analysis.domain.scope import Round
from losslint.analysis.domain.values import (
    Alternative,
    Conditions,
    Instance,
    Tensor,
    Tuple,
    Union,
    Unknown,
    Value,
)
from losslint.analysis.interpreter import MAX_ROUNDS, Interpreter
from losslint.analysis.python.assignment import assign
from losslint.analysis.python.branches import dead
from losslint.analysis.python.counters import forget_counts, forget_first_counts
from losslint.analysis.python.drawn import name_keys
from losslint.analysis.python.last_round import tests_of_last
from losslint.analysis.python.python_api import NUMBERS
from losslint.analysis.python.statements import executes
from losslint.analysis.reading.assigned import assigned_in
from losslint.analysis.reading.nodes import walk
from losslint.analysis.reading.spelling import dotted
from losslint.analysis.torch_api.registry import group_of
from losslint.analysis.training.counts import index_left_by
from losslint.analysis.training.trace import Action, Loop

MAX_UNROLLED = 12
MAX_NAMED = 64
"""Of options that a loop makes attributes of, one by one, and of layers that it calls."""
MAX_FORMS = 8
"""Of a list of layers, by what is there on which path."""


@executes(cst.For)
def _for(run: Interpreter, node: cst.For) -> bool:
    outer, run.drawn = run.drawn, frozenset()
    source = run.eval(node.iter)
    run.seen.sources[node] = assigned_in(run.frame.body, node.iter)
    batches = has_grown(run, source) and _is_data(element(run, source, node.iter))
    known = None if batches else elements(run, source) or _numbers(run, source, node)
    most = MAX_NAMED if _sets_attributes(node) or _is_one_step(node) else MAX_UNROLLED
    forms = _forms(run, source)
    if forms is not None and run.rounds * len(forms) * len(forms[0][1]) <= MAX_ROUNDS:
        run.drawn = run.drawn or outer
        goes_on = run.branch(
            [
                (when, partial(_unrolled, run, node, [_binder(run, node, one) for one in items]))
                for when, items in forms
            ]
        )
    elif known is not None and len(known) <= most and run.rounds * len(known) <= MAX_ROUNDS:
        run.drawn = run.drawn or outer
        goes_on = _unrolled(run, node, [_binder(run, node, item) for item in known])
    else:
        item = of_loader(element(run, source, node.iter), node.target)
        run.drawn = run.drawn or outer
        goes_on = _repeated(run, node, _binder(run, node, item), endless=False)
        last = _last_layer(run, source, forms, known) if _is_one_step(node) else None
        if goes_on and last is not None:
            goes_on = _unrolled(run, node, [_binder(run, node, last)])
    run.drawn = outer
    return goes_on


def _last_layer(
    run: Interpreter,
    source: Value,
    forms: Sequence[tuple[Conditions, tuple[Value, ...]]] | None,
    known: Sequence[Value] | None,
) -> Value | None:
    """The layer that a list ends in, whichever others there are: what it gives is the output."""
    if not isinstance(source, Instance) or group_of(source) != "modulelist":
        return None
    tail = run.heap.get(source.slots, TAIL)
    if isinstance(tail, Tuple) and tail.items:
        return tail.items[-1]
    if forms is not None:
        return join_alternatives(Alternative(items[-1], when) for when, items in forms)
    return known[-1] if known else None


def _is_data(value: Value) -> bool:
    """Whether no gradient goes through what a list holds: batches, or samples."""
    if isinstance(value, Tuple):
        return bool(value.items) and all(map(_is_data, value.items))
    return isinstance(value, Tensor) and not value.grad


def _forms(run: Interpreter, source: Value) -> list[tuple[Conditions, tuple[Value, ...]]] | None:
    """The layers of a list of which some are there on some paths only: in each case all of them."""
    if not isinstance(source, Instance) or group_of(source) != "modulelist":
        return None
    items, rest = run.heap.get(source.slots, ITEMS), run.heap.get(source.slots, REST)
    if rest is not None or not isinstance(items, Union) or len(items.alternatives) > MAX_FORMS:
        return None
    forms = [(one.when, one.value.items) for one in items.alternatives if _is_short(one.value)]
    return forms if len(forms) == len(items.alternatives) else None


def _is_short(items: Value) -> TypeGuard[Tuple]:
    return isinstance(items, Tuple) and 0 < len(items.items) <= MAX_NAMED


def _is_one_step(loop: cst.For) -> bool:
    """Whether all that a loop does is one statement: `x = layer(x)`."""
    lines = loop.body.body
    return len(lines) == 1 and isinstance(lines[0], cst.SimpleStatementLine)


def _numbers(run: Interpreter, source: Value, node: cst.For) -> Sequence[Value] | None:
    """The numbers of a range, where it is one number, where the body names an attribute or a layer
    by each of them, or where it adds a layer to a network that is being built."""
    numbers = run.heap.get(source.slots, NUMBERS) if isinstance(source, Instance) else None
    if not isinstance(numbers, Tuple):
        return None
    if len(numbers.items) == 1:
        return numbers.items
    builds = run.frame.name.endswith("__init__") and _appends(node)
    return numbers.items if builds or _names_by(node) else None


@lru_cache(maxsize=1_024)
def _names_by(loop: cst.For) -> bool:
    if not isinstance(loop.target, cst.Name):
        return False
    index = loop.target.value
    return any(
        isinstance(one, cst.Call)
        and dotted(one.func).rpartition(".")[2] in _NAMING
        and any(
            isinstance(name, cst.Name) and name.value == index
            for arg in one.args[:2]
            for name in walk(arg.value)
        )
        for one in walk(loop.body)
    )


def _sets_attributes(loop: cst.For) -> bool:
    """Whether all that a loop does is to set one attribute in each round."""
    lines = loop.body.body
    if len(lines) != 1 or not isinstance(lines[0], cst.SimpleStatementLine):
        return False
    only = lines[0].body[0]
    return (
        isinstance(only, cst.Expr)
        and isinstance(only.value, cst.Call)
        and dotted(only.value.func).rpartition(".")[2] in ("setattr", "__setattr__")
    )


@lru_cache(maxsize=1_024)
def _appends(loop: cst.For) -> bool:
    return any(
        isinstance(one, cst.Call)
        and isinstance(one.func, cst.Attribute)
        and one.func.attr.value in _ADDING
        for one in walk(loop.body)
    )


_ADDING = frozenset({"append", "extend", "insert"})
_NAMING = frozenset({"setattr", "getattr", "add_module", "register_module", "register_parameter"})


def _binder(run: Interpreter, node: cst.For, item: Value) -> Callable[[], None]:
    return lambda: assign(run, node.target, item)


@executes(cst.While)
def _while(run: Interpreter, node: cst.While) -> bool:
    test = run.eval(node.test)
    run.seen.guard(test)
    # what a variable was before the loop says nothing of later rounds, a literal does
    literal = isinstance(node.test, cst.Integer) or (
        isinstance(node.test, cst.Name) and node.test.value in ("True", "False")
    )
    if literal and truth(test) is False:
        dead(run, node.body.body, node)
        return True
    return _repeated(run, node, lambda: None, endless=literal)


def _unrolled(run: Interpreter, node: cst.For, rounds: Sequence[Callable[[], None]]) -> bool:
    frame = run.frame
    saved = frame.breaks, frame.continues, frame.loop_mark
    frame.breaks = []
    start = run.heap.mark()
    goes_on = True
    run.rounds, outer_rounds = run.rounds * max(1, len(rounds)), run.rounds
    for bind in rounds:
        frame.continues = []
        frame.loop_mark = mark = run.heap.mark()
        base = frame.assumed
        run.looping.append(Round(node, mark, repeats=False))
        bind()
        if run.exec(node.body.body):
            run.leave(frame.continues, mark)
        run.looping.pop()
        if not frame.continues:
            goes_on = False
            break
        run.rejoin(frame.continues, mark)
        frame.assumed = base
    breaks = frame.breaks
    run.rounds = outer_rounds
    frame.breaks, frame.continues, frame.loop_mark = saved
    if breaks:
        if goes_on:
            run.leave(breaks, start)
        run.rejoin(breaks, start)
        return True
    if goes_on and node.orelse is not None:
        return run.exec(node.orelse.body.body)
    return goes_on


def _is_retried(loop: cst.For | cst.While) -> bool:
    """Whether a loop is left by the first round that does not fail: its rounds are attempts."""
    return any(
        one.orelse is not None and isinstance(_last(one.orelse.body), cst.Break | cst.Return)
        for one in loop.body.body
        if isinstance(one, cst.Try)
    )


def _last(body: cst.BaseSuite) -> cst.CSTNode | None:
    statement = body.body[-1] if body.body else None
    return statement.body[-1] if isinstance(statement, cst.SimpleStatementLine) else statement


def _repeated(
    run: Interpreter, node: cst.For | cst.While, bind: Callable[[], None], endless: bool
) -> bool:
    """Runs the body twice, so that what the first round leaves is seen by the second.

    Inside the second round of a loop around, once is enough: the rounds have met already. But
    where the body does something else in its last round, those before it are run as well.
    """
    frame, heap = run.frame, run.heap
    saved = frame.breaks, frame.continues, frame.loop_mark
    base = frame.assumed
    tells_last = isinstance(node, cst.For) and bool(tests_of_last(node))
    rounds = 1 if run.settled and not tells_last else 2
    if rounds == 1:
        forget_first_counts(run, node)
    body: list[Action] = []
    repeats = False
    left_by_break = False
    for number in range(rounds):
        frame.breaks, frame.continues = [], []
        frame.loop_mark = mark = heap.mark()
        outer, run.trace = run.trace, []
        last = number == rounds - 1
        run.settled += last
        run.loops += 1
        heap.start_recording()
        run.looping.append(Round(node, mark, repeats=True, last=last))
        try:
            bind()
            if isinstance(node, cst.For):
                name_keys(run, node, node.target, 2 * run.settled + number)
            if isinstance(node, cst.While) and number:
                run.eval(node.test)
            if run.exec(node.body.body):
                run.leave(frame.continues, mark)
        finally:
            run.settled -= last
            run.loops -= 1
            run.looping.pop()
            body, run.trace = run.trace, outer
            reads = heap.stop_recording()
        repeats = bool(frame.continues) and not _is_retried(node)
        left_by_break = bool(frame.breaks)
        exits = [*frame.continues, *frame.breaks]
        if exits:
            run.rejoin(exits, mark)
            forget_counts(run, node, mark)
        else:
            heap.roll_back(mark)
        frame.assumed = base
        if heap.holds(reads) and not tells_last:
            break  # another round would find what this one found
    frame.breaks, frame.continues, frame.loop_mark = saved
    left = index_left_by(node) if isinstance(node, cst.For) else None
    if left is not None and isinstance(run.heap.get(frame.scope.slots, left[0]), Unknown):
        run.heap.set(frame.scope.slots, *left)
    if body:
        run.act(Loop(run.place(node), tuple(body), repeats))
    if endless and not left_by_break:
        return False
    if node.orelse is not None:
        return run.exec(node.orelse.body.body)
    return True
