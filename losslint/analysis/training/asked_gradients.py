"""Gradients that a program asks for by a call, of what is computed where no graph is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.domain.marks import NO_GRAD
from losslint.analysis.domain.values import Tensor, Value, alternatives_of
from losslint.analysis.events import Backpropagation, Operation, OperationKind
from losslint.analysis.reading.nodes import walk
from losslint.analysis.tensors.powers import DENSE
from losslint.analysis.training.lightning import leaves_gradients_off

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter

_MAX_CALLS = 4


def asked(run: Interpreter, node: cst.CSTNode, value: Value) -> None:
    """Gradients of a value are asked for, which raises where it has no graph."""
    if run.dead or not run.no_grad or leaves_gradients_off(run) or _for_training(run, node):
        return
    losses = []
    for one in alternatives_of(value):
        known = one.value
        # the derivative of a derivative is not reached, for the first one raises
        if not isinstance(known, Tensor) or known.grad or DENSE in known.marks:
            return
        end = Operation(OperationKind.DEAD_END, run.place(node), NO_GRAD, Tensor())
        losses.append(known.but(operations=frozenset({end})))
    place = run.place(node)
    calls = tuple(frame.call for frame in run.frames if frame.call is not None)[-_MAX_CALLS:]
    found = Backpropagation(place, tuple(losses), (), False, asked=True, calls=calls)
    run.seen.backpropagations[place] = found


def _for_training(run: Interpreter, node: cst.CSTNode) -> bool:
    """Whether a test of the mode leads to a place: what runs without gradients is no training."""
    inner: cst.CSTNode | None = node
    for frame in reversed(run.frames):
        for one in walk(frame.body) if frame.body is not None and inner is not None else ():
            if isinstance(one, cst.If | cst.IfExp) and _reads_mode(one.test):
                if any(part is inner for part in walk(one)):
                    return True
        inner = frame.call.node if frame.call is not None else None
    return False


def _reads_mode(test: cst.BaseExpression) -> bool:
    return any(
        isinstance(part, cst.Attribute) and part.attr.value == "training" for part in walk(test)
    )
