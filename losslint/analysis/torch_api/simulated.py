"""Data that is drawn at random or made to order, with what is known of its classes."""

from __future__ import annotations

from losslint.analysis.domain.containers import elements, picked
from losslint.analysis.domain.numbers import number
from losslint.analysis.domain.values import DType, Share, Tensor, Tuple, Unknown, Value
from losslint.analysis.objective.metrics import accuracy
from losslint.analysis.objective.shares import UNIFORM, share
from losslint.analysis.tensors.blending import deps_of
from losslint.analysis.torch_api.registry import Op, extern, function


def _labels(rare: Share | None) -> Tensor:
    return Tensor(grad=False, dtype=DType.INT, rare=rare)


def _numbers(op: Op, value: Value | None) -> list[float]:
    """The numbers in a list, or none where not all of them are known."""
    items = elements(op.run, value) if value is not None else None
    known = [one for one in map(number, items or ()) if one is not None]
    return known if items is not None and len(known) == len(items) else []


@extern("numpy.random.rand", "numpy.random.random", "numpy.random.random_sample")
def _uniform(op: Op) -> Value:
    return Tensor(grad=False, shape=UNIFORM)


@extern("numpy.random.binomial")
def _binomial(op: Op) -> Value:
    chance = number(op.arg(1, "p"))
    once = number(op.arg(0, "n")) == 1
    parts = (chance, 1 - chance) if chance is not None and once else ()
    return _labels(share(op.run, parts, op.node))


@extern("numpy.random.choice")
def _choice(op: Op) -> Value:
    chances = _numbers(op, op.given(3, "p"))
    if not chances:
        return Unknown()
    return _labels(share(op.run, chances, op.node))


@function("bernoulli_")
def _bernoulli(op: Op) -> Value:
    chance = number(op.arg(1, "p"))
    parts = (chance, 1 - chance) if chance is not None else ()
    return Tensor(grad=False, rare=share(op.run, parts, op.node))


@extern("sklearn.datasets.make_classification")
def _classification(op: Op) -> Value:
    weights = _numbers(op, op.given(-1, "weights"))
    if len(weights) == 1:  # what is left belongs to the second class
        weights.append(1 - weights[0])
    return Tuple((Tensor(grad=False), _labels(share(op.run, weights, op.node))))


@extern("sklearn.metrics.accuracy_score", "torchmetrics.Accuracy",
        "torchmetrics.functional.accuracy", "torchmetrics.classification.BinaryAccuracy",
        "torchmetrics.classification.MulticlassAccuracy")  # fmt: skip
def _accuracy(op: Op) -> Value:
    accuracy(op.run, op.run.place(op.node))
    return Unknown(("made", id(op.node)))


@extern("sklearn.model_selection.train_test_split")
def _split(op: Op) -> Value:
    if op.args.open:
        return Unknown()
    halves: list[Value] = []
    for value in op.args.positional:
        half = picked(value) if isinstance(value, Tensor) else Unknown(None, deps_of(value))
        halves += [half, half]
    return Tuple(tuple(halves))
