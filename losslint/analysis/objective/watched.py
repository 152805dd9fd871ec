"""Which losses a program looks at: those that it prints, logs, stores or hands out."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import libcst as cst

from losslint.analysis.domain.values import Tensor, Value, alternatives_of
from losslint.analysis.events import OperationKind
from losslint.analysis.objective.new_losses import made_in
from losslint.analysis.python.numbers_read import calls_for_numbers, is_number_alone

if TYPE_CHECKING:
    from losslint.analysis.domain.trail import Place
    from losslint.analysis.interpreter import Interpreter

Parts: TypeAlias = "frozenset[Place]"
"""A loss, by the places of its terms."""


def looked_at(run: Interpreter, value: Value, place: Place | None = None) -> None:
    """Notes that a value leaves the computation, to be seen by somebody.

    Args:
        run: the interpreter.
        value: the value.
        place: where it is seen; None where it is stored or handed on.
    """
    for one in alternatives_of(value):
        if type(one.value) is Tensor and one.value.terms:
            parts = frozenset(term.place for term in one.value.terms)
            if run.seen.watched.get(parts) is None:
                run.seen.watched[parts] = place


def assigned(
    run: Interpreter, statement: cst.Assign, target: cst.BaseExpression, value: Value
) -> None:
    """Notes a loss computed for a variable of which only the number is read."""
    if not isinstance(target, cst.Name) or not made_in(value, statement.value):
        return
    body = run.module.source.tree if run.frame.body is None else run.frame.body
    if is_number_alone(body, statement, target.value):
        known = [one.value for one in alternatives_of(value)]
        places = {term.place for one in known if isinstance(one, Tensor) for term in one.terms}
        run.seen.only_numbers |= places


def computed(run: Interpreter, call: cst.CSTNode) -> None:
    """Notes a loss of which the expression that computes it reads the number: ``.item()``.

    Under ``no_grad`` every loss is one, and what it says may still decide when training stops.
    """
    if run.no_grad:
        return
    body = run.module.source.tree if run.frame.body is None else run.frame.body
    if call in calls_for_numbers(body):
        run.seen.only_numbers.add(run.place(call))


def written_out(run: Interpreter, value: Value, place: Place) -> None:
    """Notes that a value becomes text: of a sum of losses only its number is left."""
    looked_at(run, value, place)
    for one in alternatives_of(value):
        if isinstance(one.value, Tensor):
            read_as_number(run, one.value)


def read_as_number(run: Interpreter, value: Tensor) -> None:
    """Notes that a value becomes a number of Python's, or of numpy's."""
    for operation in value.operations:
        if operation.kind is OperationKind.ACCUMULATION:
            run.seen.numbers.add(operation.place)


def read_as_tensor(run: Interpreter, value: Tensor) -> None:
    """Notes that something is read of a value that no number of Python's has."""
    for operation in value.operations:
        if operation.kind is OperationKind.ACCUMULATION:
            run.seen.tensors.add(operation.place)


def read_out(run: Interpreter, output: Tensor) -> None:
    """Notes that decisions are made of the output of a model, or that it is read as numbers."""
    if not output.terms:
        run.seen.read_out |= output.deps
