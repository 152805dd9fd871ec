"""Averages of losses over an epoch: what was summed in each round, and what it is divided by."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.domain.conditions import NUMBER
from losslint.analysis.domain.joins import each
from losslint.analysis.domain.marks import (
    BATCH_MEAN,
    BATCH_SUM,
    MEAN_SHARE,
    OF_LAST_ROUND,
    SUM_OF_MANY,
    SUM_SHARE,
    WRITTEN_MEAN,
)
from losslint.analysis.domain.numbers import number
from losslint.analysis.domain.values import (
    Const,
    DType,
    Tensor,
    Unknown,
    Value,
    ZeroReason,
    alternatives_of,
)
from losslint.analysis.events import (
    Operation,
    OperationInLoss,
    OperationKind,
    WrongAverage,
    WrongCount,
)
from losslint.analysis.reading.nodes import walk
from losslint.analysis.reading.spelling import dotted
from losslint.analysis.training.counts import (
    BATCH_SIZE,
    LAST_INDEX,
    SAMPLES,
    adds_samples,
    counts_by,
    counts_rounds,
    counts_samples,
    is_batch_size,
    is_loader,
    is_number_of_batches,
    names_a_loader,
    names_of_source,
    names_samples,
)

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter

_WEIGHT = re.compile(
    r"(^|_)(alpha|beta|gamma|lamb?d?a?|coeff?|(loss|kd|kl|reg|ce)_weight)(_|\d|$)",
    re.IGNORECASE,
)


def summed(run: Interpreter, value: Value, made: Value, node: cst.CSTNode) -> Value:
    """The sum ``made`` over the rounds of a loop to which ``value`` was added."""
    loop = run.looping[-1].node
    if not isinstance(loop, cst.For):
        return made
    if _goes_through_rows(loop):
        return each(made, _as_total)
    if count := _count_of_shares(run, value, loop, node):
        run.emit(WrongAverage(run.place(node), run.place(node), count))
        return made
    kind = _kind_of(value)
    if kind is not None and not _draws_single_samples(run):
        iterated = " ".join(names_of_source(run, loop))
        operation = Operation(kind, run.place(node), iterated, Tensor(), loop=loop)

        def mark(one: Value) -> Value:
            if not isinstance(one, Tensor):
                return one
            return one.but(operations=one.operations | {operation})

        return each(made, mark)
    samples = isinstance(node, cst.AugAssign) and adds_samples(node.value, loop)
    if samples and not is_number_of_batches(value):
        return Unknown((SAMPLES, id(node)), grad=False)
    return made


def _as_total(value: Value) -> Value:
    """A sum over the samples of a batch, which is no mean over it."""
    if not isinstance(value, Tensor) or value.marks.isdisjoint(_MEANS):
        return value
    return value.but(marks=value.marks - _MEANS)


def _goes_through_rows(loop: cst.For) -> bool:
    """Whether each round of a loop takes one row of something: ``output[i]``, not ``output[:, i]``.

    A batch has a row for each sample.
    """
    counts = isinstance(loop.iter, cst.Call) and dotted(loop.iter.func) == "range"
    if not counts or not isinstance(loop.target, cst.Name):
        return False
    index = loop.target.value
    return any(
        isinstance(one, cst.Subscript)
        and isinstance(one.slice[0].slice, cst.Index)
        and dotted(one.slice[0].slice.value) == index
        for one in walk(loop.body)
    )


def _draws_single_samples(run: Interpreter) -> bool:
    """Whether the loaders around give one sample in a batch, as they do unless told otherwise."""
    sizes = [run.heap.get(loader.slots, BATCH_SIZE) for loader in run.drawn]
    return bool(sizes) and all(size == Const(1) for size in sizes)


def _kind_of(value: Value) -> OperationKind | None:
    """What is summed: means over batches, or such means times the sizes of the batches."""
    given = [one.value for one in alternatives_of(value)]
    for marks, kind in _SUMMED.items():
        if all(isinstance(one, Tensor) and not marks.isdisjoint(one.marks) for one in given):
            return kind
    return None


_MEANS = frozenset({BATCH_MEAN, WRITTEN_MEAN})
_SUMMED = {
    _MEANS: OperationKind.BATCH_MEANS,
    frozenset({BATCH_SUM}): OperationKind.BATCH_SUMS,
}


_SHARES = {
    MEAN_SHARE: WrongCount.EACH_MEAN_BY_SIZE,
    SUM_SHARE: WrongCount.SAMPLES_BY_BATCHES,
}


def _count_of_shares(
    run: Interpreter, value: Value, loop: cst.For, node: cst.CSTNode
) -> WrongCount | None:
    """What is wrong with what is added in a loop over a loader, where it was divided before."""
    given = [one.value for one in alternatives_of(value)]
    for mark, count in _SHARES.items():
        if all(isinstance(one, Tensor) and mark in one.marks for one in given):
            own = is_loader(run, loop) and any(one is node for one in walk(loop.body))
            return count if own else None
    return None


def over_all(made: Tensor, given: Tensor) -> Tensor:
    """The mean over all elements of something that a model gave and that is no comparison."""
    if given.mask is not None or not made.deps or (given.dtype in (DType.BOOL, DType.INT)):
        return made
    return made.but(marks=made.marks | {WRITTEN_MEAN})


def combined(sign: str, made: Tensor, left: Value, right: Value, node: cst.CSTNode) -> Tensor:
    """What an operator makes of means that are written out: a sum of means is one, weighted or not.

    Args:
        sign: the operator.
        made: its result, without the mark.
        left: its first operand.
        right: its second operand.
        node: the expression.
    """
    means = [isinstance(one, Tensor) and WRITTEN_MEAN in one.marks for one in (left, right)]
    if sign == "/" and _is_masked_mean(left, right):
        return made.but(marks=made.marks | {WRITTEN_MEAN})
    if not any(means):
        return made
    if sign in "+-":
        kept = all(map(_adds_to_mean, (left, right)))
    elif sign == "*":
        factor = number(right if means[0] else left)
        no_count = factor is not None and (factor in (1, -1) or factor % 1 != 0)
        kept = not all(means) and (no_count or _is_weighted(node))
    else:
        kept = sign == "/" and number(right) is not None
    return made.but(marks=made.marks | {WRITTEN_MEAN}) if kept else made


def _is_masked_mean(total: Value, count: Value) -> bool:
    """Whether a sum of weighted elements of a loss is divided by a sum, as that of its mask is."""
    return (
        isinstance(total, Tensor)
        and total.shape == "overlap"
        and bool(total.terms)
        and all(term.stage != "mean" for term in total.terms)
        and isinstance(count, Tensor)
        and count.shape == "total"
        and not count.grad
    )


def _adds_to_mean(value: Value) -> bool:
    is_mean = isinstance(value, Tensor) and not value.marks.isdisjoint(_MEANS)
    return is_mean or number(value) is not None


def multiplied(made: Tensor, factor: Value, node: cst.CSTNode) -> Tensor:
    """A product: one with a batch mean is the sum over a batch, or may be, and no mean any more.

    One with a weight is as much of a mean as before, and so is one with a number that is no count.
    """
    known = number(factor)
    if _is_weighted(node) or (known is not None and known % 1 != 0):
        return made
    # a loss that only one branch has scaled may be a sum of means without being a mean
    kept = (one for one in made.operations if one.kind is not OperationKind.BATCH_MEANS)
    marks = made.marks - {BATCH_MEAN, MEAN_SHARE}
    if BATCH_MEAN in made.marks and isinstance(node, cst.BinaryOperation):
        if counts_samples(node.left) or counts_samples(node.right):
            marks |= {BATCH_SUM}
    return made.but(marks=marks, operations=frozenset(kept))


def taken_back(run: Interpreter, product: cst.CSTNode) -> None:
    """Takes back what was said of an average over samples: times a batch it is one over batches."""
    last = run.events[-1] if run.events else None
    if not isinstance(last, WrongAverage) or not isinstance(product, cst.BinaryOperation):
        return
    for part, factor in ((product.left, product.right), (product.right, product.left)):
        if part is last.place.node and counts_samples(factor):
            run.events.pop()
            return


def _is_weighted(node: cst.CSTNode) -> bool:
    """Whether one factor is a weight: ``0.3``, ``alpha``, ``(1 - share)``."""
    if isinstance(node, cst.AugAssign):
        return _is_weight(node.value)
    return isinstance(node, cst.BinaryOperation) and (
        _is_weight(node.left) or _is_weight(node.right)
    )


def _is_weight(node: cst.BaseExpression) -> bool:
    if isinstance(node, cst.Float):
        return not node.evaluated_value.is_integer()
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Subtract):
        return isinstance(node.left, cst.Integer | cst.Float) and node.left.evaluated_value == 1
    return bool(_WEIGHT.search(dotted(node).rpartition(".")[2]))


def shared(run: Interpreter, made: Tensor, total: Value, node: cst.CSTNode) -> Tensor:
    """A number that is divided in a round of a loop over a loader, before it is added up there.

    Args:
        run: the interpreter.
        made: the ratio.
        total: what is divided.
        node: the expression.
    """
    if not run.looping or not isinstance(total, Tensor):
        return made
    divisor, loop = _divisor(node), run.looping[-1].node
    if divisor is None or not isinstance(loop, cst.For) or _draws_single_samples(run):
        return made
    if BATCH_SUM in total.marks and isinstance(divisor, cst.Call):
        if counts_rounds(run, divisor, loop):
            return made.but(marks=made.marks | {SUM_SHARE})
    if total.grad or total.marks.isdisjoint(_MEANS) or not is_batch_size(run, divisor):
        return made
    if _is_sum(total) or counts_by(divisor, loop):
        return made
    return made.but(marks=made.marks | {MEAN_SHARE})


def _is_sum(total: Tensor) -> bool:
    """Whether a number can be a sum over the samples of a batch, one by one."""
    return (
        SUM_OF_MANY in total.marks
        or total.shape == "total"
        or any(one.kind is OperationKind.BATCH_MEANS for one in total.operations)
        or any(term.stage == "sum" for term in total.terms)
    )


def divided(run: Interpreter, total: Value, count: Value, node: cst.CSTNode) -> None:
    """Reports a sum over rounds that is divided by something else than their number.

    A sum of batch means has as many terms as there are batches: not samples, and not the index of
    the last one.
    """
    divisor = _divisor(node)
    if not isinstance(total, Tensor) or divisor is None:
        return
    for operation in total.operations:
        wrong = _wrong_count(run, operation, divisor)
        if wrong is not None:
            run.emit(WrongAverage(run.place(node), operation.place, wrong))
    key = count.key if isinstance(count, Unknown) else None
    if isinstance(key, tuple) and key[:2] == (NUMBER, SAMPLES):
        key = key[1:]
    if not isinstance(key, tuple) or key[0] not in (SAMPLES, LAST_INDEX):
        return
    if key[0] == LAST_INDEX:
        _divided_by_index(run, key, node)
        return
    counted = key[1]
    for operation in total.operations:
        if operation.kind is not OperationKind.BATCH_MEANS or names_samples(operation.function):
            continue
        if operation.loop is not None and counts_rounds(run, divisor, operation.loop):
            continue
        # a data set known by its name may be what the loop itself runs over
        named = isinstance(counted, tuple) and counted[0] in ("param", "name")
        if not named or names_a_loader(operation.function):
            run.emit(WrongAverage(run.place(node), operation.place))


def _divisor(node: cst.CSTNode) -> cst.BaseExpression | None:
    """What is divided by, where that is written with an operator."""
    if isinstance(node, cst.AugAssign):
        return node.value
    return node.right if isinstance(node, cst.BinaryOperation) else None


def _wrong_count(
    run: Interpreter, operation: Operation, divisor: cst.BaseExpression
) -> WrongCount | None:
    """What is wrong with dividing a sum over a loop by what counts its rounds, or their samples."""
    loop = operation.loop
    if not isinstance(loop, cst.For):
        return None
    if operation.kind is OperationKind.BATCH_SUMS:
        return WrongCount.SAMPLES_BY_BATCHES if counts_rounds(run, divisor, loop) else None
    if operation.kind is not OperationKind.BATCH_MEANS:
        return None
    if isinstance(divisor, cst.BinaryOperation) and isinstance(divisor.operator, cst.Multiply):
        for rounds, size in ((divisor.left, divisor.right), (divisor.right, divisor.left)):
            if is_batch_size(run, size) and counts_rounds(run, rounds, loop):
                return WrongCount.MEANS_BY_SAMPLES
    goes_on = any(one.node is loop for one in run.looping)
    if not goes_on and is_loader(run, loop) and is_batch_size(run, divisor):
        return WrongCount.MEANS_BY_SIZE
    return None


def _divided_by_index(run: Interpreter, key: tuple[object, ...], node: cst.CSTNode) -> None:
    tested = any(isinstance(test, tuple) and key in test for test, _ in run.assumed())
    place = run.place(node)
    if tested or run.seen.divided_by_index.setdefault(key, place) != place:
        return
    reason = ZeroReason(
        place,
        OF_LAST_ROUND,
        "the index of the last round is 0 where there is only one, and always one less than "
        "the number of rounds",
    )
    operand = Tensor(zero=reason, grad=False)
    operation = Operation(OperationKind.DIVISION, place, "/", operand)
    run.emit(OperationInLoss(operation, guarded=False))
