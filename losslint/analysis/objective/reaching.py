"""What is told of a value once it is seen to be a loss: the operations that it was made by."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import TYPE_CHECKING

from losslint.analysis.domain.containers import is_dict, keys_of
from losslint.analysis.domain.heap import REST
from losslint.analysis.domain.marks import NO_GRAD
from losslint.analysis.domain.values import Act, Instance, Tensor, Tuple, Union, Value
from losslint.analysis.events import (
    FLOW,
    ImplicitDim,
    LossSum,
    Operation,
    OperationInLoss,
    OperationKind,
)
from losslint.analysis.objective.named_losses import is_loss_function
from losslint.analysis.tensors.forms import DENSITY
from losslint.analysis.torch_api.registry import no_networks
from losslint.analysis.training.gradient_flow import is_leaf_alone

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter


def reaches_loss(run: Interpreter, value: Value) -> None:
    """Reports the operations whose result has now been seen to be part of a loss."""
    for one in _tensors(value, set()):
        run.seen.reached.update(term.place for term in one.terms)
        _tell(run, one)


def reaches_backward(run: Interpreter, loss: Value) -> None:
    """Reports the operations that a loss was made by from which gradients are computed."""
    reaches_loss(run, loss)
    for one in _tensors(loss, set()):
        run.seen.descended.update(operation.place for operation in one.operations)
        run.seen.backpropagated.update(
            operation.place
            for operation in one.operations
            if operation.kind is OperationKind.ACCUMULATION
        )


def reaches_output(run: Interpreter, module: Instance, value: Value) -> None:
    """Reports logarithms of what a module made of its parameters alone, in what its forward gives.

    Whatever the module is part of, that is trained through its output, and nothing else bounds it.
    """
    for one in _tensors(value, set()):
        for operation in one.operations:
            operand = operation.operand
            explained = operand.zero is not None and operand.zero.kind != DENSITY
            if operation.kind is not OperationKind.LOG or explained:
                continue
            if operand.grad and operand.deps == {module.oid}:
                run.emit(OperationInLoss(operation, guarded=False))


def with_graph(value: Value) -> Value:
    """Of several things that a loss function returns those that can be losses, not the scores."""
    if isinstance(value, Instance) and is_dict(value):
        items = _losses_of(value)
    elif isinstance(value, Tuple):
        items = value.items
    else:
        return value
    losses = tuple(one for one in items if not _is_score(one))
    return Tuple(losses) if any(isinstance(one, Tensor | Union) for one in losses) else value


def _losses_of(results: Instance) -> tuple[Value, ...]:
    """What is in a dict of results: the total, where one is called that, or all but the metrics."""
    named = {key[1]: results.slots[key] for key in keys_of(results)}
    totals = [one for name, one in named.items() if isinstance(name, str) and _TOTAL.match(name)]
    if totals:
        return tuple(totals)
    rest = results.slots.get(REST)
    losses = [one for name, one in named.items() if not _METRIC.search(str(name))]
    return (*losses, rest) if rest is not None else tuple(losses)


_TOTAL = re.compile(
    r"(total|overall)?_?(loss|objective|cost)$|(loss|objective)_(total|all)$|total$"
)
_METRIC = re.compile(
    r"(^|_)(rmse|mae|mape|acc|accuracy|precision|recall|f1|iou|miou|auc|psnr|ssim|metrics?|"
    r"perplexity|ppl)(_|@|$)",
    re.IGNORECASE,
)
"""Names of measures, under which a dict of results has them beside its losses."""


def note_together(run: Interpreter, value: Value) -> None:
    """Notes that losses which are returned side by side belong to one objective.

    That is how a likelihood and its divergence leave a model whose caller adds them.
    """
    items: Iterable[Value] = ()
    if isinstance(value, Tuple):
        items = value.items
    elif is_dict(value) and isinstance(value, Instance):
        items = [value.slots[key] for key in keys_of(value)]
    losses = [one.terms for one in items if isinstance(one, Tensor) and one.terms]
    for first, second in combinations(losses, 2):
        run.seen.add_partners(first, second)


def _is_score(value: Value) -> bool:
    """Whether no gradient goes through a value, nor through what it was computed from."""
    if not isinstance(value, Tensor) or value.terms:
        return False
    operands = [part for one in value.operations for part in (one.operand, one.other)]
    return not any(part.grad for part in operands if part is not None) and (
        bool(operands) or not value.grad
    )


def _tensors(value: Value, seen: set[int]) -> Iterator[Tensor]:
    """The tensors that a value holds, or can be."""
    if isinstance(value, Union):
        for one in value.alternatives:
            yield from _tensors(one.value, seen)
    elif isinstance(value, Tuple):
        for item in value.items:
            yield from _tensors(item, seen)
    elif isinstance(value, Instance):
        if value.oid in seen:  # lists can hold themselves
            return
        seen.add(value.oid)
        for item in list(value.slots.values()):
            if not isinstance(item, Instance):
                yield from _tensors(item, seen)
    elif isinstance(value, Tensor):
        yield value


def _trains_nothing(operand: Tensor) -> bool:
    """Whether a gradient may come to no layer: only to coordinates, or to what no_grad cut off.

    What is made of that and of layers has to be the loss of the layers for a gradient to be sure.
    """
    trained = operand.terms and any(isinstance(one, int) for one in operand.deps)
    return is_leaf_alone(operand) or (NO_GRAD in operand.deps and not trained)


def _is_of_teacher(operand: Tensor) -> bool:
    """Whether it is a softmax that no gradient goes to, which is zero only 104 and more apart."""
    return operand.act is Act.SOFTMAX and operand.is_cut_off


def _is_of_training(run: Interpreter, operation: Operation) -> bool:
    """Whether what an operation is given is more than data that a script prepares once.

    It is where layers or parameters made it, where a loss computes with it, and where a loop
    repeats it.
    """
    operand, function = operation.operand, run.seen.within.get(operation.place)
    if operation.repeated or any(isinstance(one, int) for one in operand.deps - no_networks(run)):
        return True
    in_loss = function is not None and is_loss_function(function, function.owner)
    return in_loss and (operand.grad or bool(operand.deps))


def _tell(run: Interpreter, loss: Tensor) -> None:
    for operation in loss.operations:
        if operation.kind is OperationKind.ACCUMULATION:
            run.seen.handed_on.add(operation.place)
        if operation.kind is OperationKind.IMPLICIT_DIM:
            given = operation.operand
            run.emit(
                ImplicitDim(operation.place, operation.function, given.confidence, given.sizes)
            )
            continue
        if operation.kind in FLOW:
            continue
        operand = operation.operand
        if operation.kind is OperationKind.ROOT and _trains_nothing(operand):
            continue
        if operation.kind is OperationKind.LOG and _is_of_teacher(operand):
            continue
        if _is_of_training(run, operation):
            run.emit(OperationInLoss(operation, guarded=False))
    for place in loss.sums:
        run.emit(LossSum(place, loss.terms))
