"""Comprehensions: loops that make a list or dict."""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst

from losslint.analysis.domain.choices import contradict
from losslint.analysis.domain.conditions import outcomes
from losslint.analysis.domain.containers import element, elements
from losslint.analysis.domain.heap import ITEMS, REST
from losslint.analysis.domain.joins import join, truth
from losslint.analysis.domain.keyed import forgotten
from losslint.analysis.domain.scope import Frame, Scope
from losslint.analysis.domain.values import Tuple, Value
from losslint.analysis.interpreter import MAX_ROUNDS, Interpreter
from losslint.analysis.objective.watched import looked_at
from losslint.analysis.python.drawn import drawn_by, name_keys
from losslint.analysis.python.expressions import evaluates
from losslint.analysis.python.items import store


@evaluates(cst.ListComp, cst.GeneratorExp, cst.SetComp)
def _comprehension(run: Interpreter, node: cst.ListComp | cst.GeneratorExp | cst.SetComp) -> Value:
    made = run.new_list()
    items: list[Value] = []
    certain = _rounds(run, node, lambda: items.append(run.eval(node.elt)))
    if certain:
        run.heap.set(made.slots, ITEMS, Tuple(tuple(items)))
    elif items:
        run.heap.set(made.slots, REST, forgotten(join(items), drawn_by(node)))
    return made


@evaluates(cst.DictComp)
def _dict_comprehension(run: Interpreter, node: cst.DictComp) -> Value:
    made = run.new_dict()

    def put() -> None:
        key, value = run.eval(node.key), run.eval(node.value)
        looked_at(run, value)
        store(run, made, key, value)

    _rounds(run, node, put)
    return made


def _rounds(run: Interpreter, node: cst.BaseComp, body: Callable[[], object]) -> bool:
    """Runs the body of a comprehension in a scope of its own; whether its rounds are known."""
    frame, loop = run.frame, node.for_in
    inner = Frame(
        Scope(frame.scope.module, run.heap.new_slots(), frame.scope),
        frame.name,
        self=frame.self,
        owner=frame.owner,
        function=frame.function,
        body=frame.body,
        entered=frame.entered | frame.assumed,
        mark=run.heap.mark(),
        yields=frame.yields,
    )
    source = run.eval(loop.iter)
    run.frames.append(inner)
    try:
        return _round(run, node, loop, source, body)
    finally:
        run.frames.pop()


def _round(
    run: Interpreter,
    node: cst.BaseComp,
    loop: cst.CompFor,
    source: Value,
    body: Callable[[], object],
) -> bool:
    known = elements(run, source)
    if known is None or run.rounds * len(known) > MAX_ROUNDS:
        items, certain = [element(run, source, loop.iter)], False
    else:
        items, certain = list(known), not loop.ifs
    run.rounds, outer = run.rounds * max(1, len(items)), run.rounds
    base = run.frame.assumed
    for item in items:
        run.frame.assumed = base
        run.assign(loop.target, item)
        name_keys(run, node, loop.target)
        if not all(_may_hold(run, test.test) for test in loop.ifs):
            continue
        if loop.inner_for_in is not None:
            certain &= _round(run, node, loop.inner_for_in, run.eval(loop.inner_for_in.iter), body)
        else:
            body()
    run.rounds, run.frame.assumed = outer, base
    return certain


def _may_hold(run: Interpreter, test: cst.BaseExpression) -> bool:
    """Whether a test of a comprehension can succeed; what follows is for where it does."""
    value = run.eval(test)
    certain = truth(value)
    if certain is not None:
        return certain
    when_true, _ = outcomes(value, test)
    if contradict(when_true, run.assumed()):
        return False
    run.frame.assumed |= when_true
    return True
