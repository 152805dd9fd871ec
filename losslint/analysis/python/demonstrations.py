"""Calls that show what a function does, calls that measure with it, and calls that use it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from losslint.analysis.domain.containers import elements, is_dict, keys_of, kind_of
from losslint.analysis.domain.values import (
    Function,
    Instance,
    Tensor,
    Unknown,
    Value,
    alternatives_of,
)
from losslint.analysis.objective.named_losses import is_loss_function
from losslint.analysis.python.numbers_read import calls_for_numbers

if TYPE_CHECKING:
    import libcst as cst

    from losslint.analysis.domain.arguments import Args
    from losslint.analysis.events import Operation
    from losslint.analysis.interpreter import Interpreter

_MEASURES = re.compile(
    r"(^|_)(eval|evaluate|evaluation|vali|valid|validate|validation|test|testing|metrics?|infer|"
    r"inference)(_|$)",
    re.IGNORECASE,
)
"""Names of functions that measure how good a model is."""


def note_caller(run: Interpreter, function: Function, args: Args) -> None:
    """Notes a call that says how a function is used, as that of a demonstration does not."""
    tried = _is_trial(run, args) and not _is_own(run, function)
    (run.seen.tried if tried else run.seen.served).add(function.node)
    if not run.no_grad:
        run.seen.taught.add(function.node)
    if run.frame.body is not None and args.node in calls_for_numbers(run.frame.body):
        run.seen.measures.add(function.node)
        return
    if not _is_demonstration(run):
        run.seen.used.add(function.node)
    elif run.frame.function is None:
        run.seen.shown.add(function.node)
        return
    elif run.frame.scope.module.tests:
        return
    run.seen.callers.setdefault(function.node, set()).add(run.frame.function)


def is_only_tried(run: Interpreter, function: Function) -> bool:
    """Whether a loss was never called on anything but new tensors, through which nothing learns."""
    node = function.node
    tried = node in run.seen.tried and node not in run.seen.served
    return tried and is_loss_function(function, function.owner)


def is_only_watched(run: Interpreter, function: Function) -> bool:
    """Whether a loss that settings pick by its name was never called where anything learns from it.

    The code that trains asks for the loss by its name, and need not be among what is known.
    """
    return _is_eligible(run, function) and function.node not in run.seen.taught


def _is_eligible(run: Interpreter, function: Function) -> bool:
    """Whether a function is that of a loss which settings pick by its name."""
    return function.owner in run.seen.eligible and is_loss_function(function, function.owner)


def _is_trial(run: Interpreter, args: Args) -> bool:
    """Whether the tensors of a call are all new ones, made for it: ``loss(torch.randn(2, 3))``."""
    given = [one.value for value in args.all() for one in alternatives_of(value)]
    tensors = [one for one in given if isinstance(one, Tensor)]
    if run.no_grad or args.open or any(isinstance(one, Unknown) for one in given):
        return False
    if any(kind_of(one).endswith("DataLoader") for one in given):
        return False  # it draws what the function is about
    return bool(tensors) and not any(one.grad or one.deps for one in tensors)


def _is_own(run: Interpreter, function: Function) -> bool:
    """Whether an object calls a method of its own class."""
    caller = run.frame.function
    return caller is not None and caller.owner is not None and caller.owner is function.owner


def _is_demonstration(run: Interpreter) -> bool:
    """Whether what calls is a main guard, a test, or the analysis itself."""
    frame = run.frame
    if frame.name == "<module>":
        return frame.scope.module.state == "done"
    return frame.name.startswith("test")


def is_measured(run: Interpreter, operation: Operation) -> bool:
    """Whether an operation is only part of what says how good a model is, not of what trains it."""
    if operation.place in run.seen.descended:
        return False
    function = run.seen.within.get(operation.place)
    if function is None and _MEASURES.search(operation.place.file.path.stem):
        return True
    return _only_measures(run, function)


def _only_measures(run: Interpreter, function: Function | None) -> bool:
    """Whether all that leads to a function, as far as is known, measures how good a model is."""
    waiting = [function]
    seen: set[cst.CSTNode] = set()
    while waiting:
        one = waiting.pop()
        if one is None:
            return False
        if one.node in seen or _MEASURES.search(one.name):
            continue
        if _is_eligible(run, one):
            return False
        callers = run.seen.callers.get(one.node, ())
        if one.node in run.seen.measures and not any(_is_called(run, by) for by in callers):
            continue
        seen.add(one.node)
        # what an object computes while it is made is no loss yet
        waiting.extend(by for by in callers or (None,) if by is None or by.name != "__init__")
    return True


def _is_called(run: Interpreter, function: Function | None) -> bool:
    """Whether something is known to call a function, or it is the top level of a file."""
    return function is None or function.node in run.seen.callers


def note_measures(run: Interpreter, parameters: Mapping[str, Value]) -> None:
    """Notes the functions that are handed over under the name of what measures a model."""
    for name, value in parameters.items():
        if _MEASURES.search(name):
            for one in _members(run, value):
                if isinstance(one, Function):
                    run.seen.measures.add(one.node)


def _members(run: Interpreter, value: Value) -> Iterable[Value]:
    if isinstance(value, Instance) and is_dict(value):
        return [value.slots[key] for key in keys_of(value)]
    return elements(run, value) or (value,)
