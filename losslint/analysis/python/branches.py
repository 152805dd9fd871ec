"""If statements: the arms that may be run, and the ones that may not."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from losslint.analysis.domain.conditions import is_by_version, outcomes
from losslint.analysis.domain.joins import truth
from losslint.analysis.domain.values import ALWAYS, Conditions
from losslint.analysis.interpreter import Interpreter
from losslint.analysis.objective.crossings import untie
from losslint.analysis.python.statements import executes
from losslint.analysis.tensors.narrowing import narrow, narrow_otherwise


def dead(run: Interpreter, body: Sequence[cst.CSTNode], owner: cst.CSTNode) -> None:
    """Looks once at code that cannot run with the constants at hand, for rules on single calls."""
    if run.dead or owner in run.entered:
        return
    run.entered.add(owner)
    mark, assumed, trace = run.heap.mark(), run.frame.assumed, run.trace
    frame = run.frame
    exits = frame.returns, frame.breaks, frame.continues
    frame.returns, frame.breaks, frame.continues = [], [], []
    run.dead += 1
    run.trace = []
    try:
        run.exec(body)
    finally:
        run.dead -= 1
        run.trace = trace
        frame.returns, frame.breaks, frame.continues = exits
        frame.assumed = assumed
        run.heap.roll_back(mark)


def _block(node: cst.If | cst.Else | None) -> Sequence[cst.CSTNode]:
    """The statements of an else part; an elif is a single one."""
    if node is None:
        return ()
    return (node,) if isinstance(node, cst.If) else node.body.body


@executes(cst.If)
def _if(run: Interpreter, node: cst.If) -> bool:
    return _chain(run, node, ALWAYS)


def _chain(run: Interpreter, node: cst.If, failed: Conditions) -> bool:
    """An if statement, or an elif: ``failed`` is what holds where no test before it did."""
    if _is_main_guard(node) and len(run.frames) == 1:
        run.module.guards.append(node.body)
        return True
    test = run.eval(node.test)
    run.seen.guard(test)
    certain = truth(test)
    orelse = _block(node.orelse)
    if certain is not None:
        if not run.dead:
            run.seen.arms.setdefault(node, set()).add(certain)
        taken, skipped = (node.body.body, orelse) if certain else (orelse, node.body.body)
        if skipped and not is_by_version(test):
            dead(run, skipped, node)
        return run.exec(taken)
    if not run.dead:
        run.seen.arms[node] = {True, False}
    when_true, when_false = outcomes(test, node)

    told = [len(run.events)]

    def body() -> bool:
        narrow(run, node.test)
        goes_on = run.exec(node.body.body)
        told.append(len(run.events))
        return goes_on

    def otherwise() -> bool:
        narrow_otherwise(run, node.test)
        if isinstance(node.orelse, cst.If):
            return _chain(run, node.orelse, failed | when_false)
        return run.exec(orelse)

    goes_on = run.branch([(when_true, body), (when_false, otherwise)], node.test, failed)
    if len(told) > 1 and told[-1] < len(run.events):
        arms = [(told[0], told[1]), (told[1], len(run.events))]
        untie(run.events, arms, within=node)
    return goes_on


def _is_main_guard(node: cst.If) -> bool:
    test = node.test
    return (
        isinstance(test, cst.Comparison)
        and isinstance(test.left, cst.Name)
        and test.left.value == "__name__"
    )
