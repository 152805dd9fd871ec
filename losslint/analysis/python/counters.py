"""Numbers that a loop counts with: after its first round they can be any."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.domain.conditions import COUNTER
from losslint.analysis.domain.numbers import number
from losslint.analysis.domain.values import Unknown, Value, alternatives_of

if TYPE_CHECKING:
    from losslint.analysis.domain.heap import Mark, Slots
    from losslint.analysis.interpreter import Interpreter


def counted(run: Interpreter, target: cst.CSTNode, made: Value) -> None:
    """Notes the name of a number that was made of what it was before, inside a loop."""
    if not run.looping or number(made) is None:
        return
    if isinstance(target, cst.Name):
        run.seen.counters.add(target.value)
    elif isinstance(target, cst.Attribute):
        run.seen.counters.add(target.attr.value)


def forget_counts(run: Interpreter, loop: cst.CSTNode, mark: Mark) -> None:
    """Makes what a round of a loop has counted a number that is not known.

    Tests of it would otherwise come out for all of training as they do in the first rounds.

    Args:
        run: the interpreter.
        loop: the loop.
        mark: when the round began.
    """
    if not run.seen.counters:
        return
    for (slots, key), before in run.heap.before(mark).items():
        now = slots.get(key)
        if key in run.seen.counters and now is not None and _has_counted(before, now):
            own = slots is run.frame.scope.slots
            run.seen.counted_in.setdefault(loop, set()).add((None if own else slots, key))
            _forget(run, loop, slots, key)


def forget_first_counts(run: Interpreter, loop: cst.CSTNode) -> None:
    """Makes what an earlier run of a loop was seen to count with a number that is not known.

    What it is in the first round again says nothing of the rounds that one stands for.
    """
    for holder, key in run.seen.counted_in.get(loop, ()):
        slots = run.frame.scope.slots if holder is None else holder
        now = slots.get(key)
        if now is not None and number(now) is not None:
            _forget(run, loop, slots, key)


def _forget(run: Interpreter, loop: cst.CSTNode, slots: Slots, key: Hashable) -> None:
    run.heap.set(slots, key, Unknown((COUNTER, id(loop), slots.oid, key)))


def _has_counted(before: Value | None, now: Value) -> bool:
    if before is None or number(before) is None:
        return False
    values = [one.value for one in alternatives_of(now)]
    return all(number(one) is not None for one in values) and values != [before]
