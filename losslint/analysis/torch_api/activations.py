"""Activations: functions of torch that give a tensor its meaning as logits or probabilities."""

from __future__ import annotations

from typing import Any

import libcst as cst

from losslint.analysis.domain.sizes import at, rank
from losslint.analysis.domain.trail import ONE_HOT_MADE, Place, Trail, applied, extend
from losslint.analysis.domain.values import (
    NONE,
    OF_RELU,
    Act,
    Const,
    DType,
    Extern,
    Instance,
    Sign,
    TargetKind,
    Tensor,
    Unknown,
    Value,
    ZeroReason,
    alternatives_of,
)
from losslint.analysis.events import ImplicitDim, Operation, OperationKind
from losslint.analysis.python.numbers_read import is_taken_out
from losslint.analysis.tensors.blending import blend
from losslint.analysis.tensors.cut_offs import DROPPED, RELU
from losslint.analysis.tensors.forms import BETWEEN, BOUNDED, ENDLESS, ROWS, STEEP
from losslint.analysis.tensors.sums import LIMITED
from losslint.analysis.torch_api.registry import Op, function, is_network
from losslint.analysis.training.gradient_flow import cut, lasting
from losslint.finding import Confidence


def activated(op: Op, act: Act, given: Tensor, label: str, **facts: Any) -> Tensor:
    """The result of an activation, with the step that says so."""
    made = blend(given)
    made = made.but(marks=made.marks - {DROPPED})  # of what went in, not of what comes out
    confidence = Confidence.LOW if op.guessed else given.confidence
    cut_off = act is Act.LOG_SOFTMAX and given.act is Act.RELU
    trail: Trail | None = given.trail if cut_off else None
    if op.module is not None and op.module.built is not None:
        trail = extend(trail, op.module.built.step.place, op.module.built.step.message)
    trail = extend(trail, op.run.place(op.node), applied(label))
    if at(given.sizes, facts.get("dim")) == 1:
        facts["shape"] = "single"
        if act is Act.SOFTMAX:
            facts["sign"] = Sign.POSITIVE
    if cut_off:
        made = made.but(marks=made.marks | {OF_RELU})
    return made.but(act=act, trail=trail, confidence=min(confidence, given.confidence), **facts)


def normalised(given: Tensor) -> Tensor:
    """What a norm layer gives: values of either sign and of any size, whatever went in."""
    if given.act in (Act.UNKNOWN, Act.RAW):
        return given
    return given.but(
        act=Act.RAW, picked=False, dim=None, sign=Sign.UNKNOWN, zero=None, shape="", trail=None
    )


@function("sigmoid", "expit")
def _sigmoid(op: Op) -> Value:
    given = op.tensor()
    if given.shape == BETWEEN:  # neither end is near
        return activated(op, Act.PROB, given, "sigmoid", sign=Sign.POSITIVE)
    if given.shape in LIMITED or given.act is Act.TANH:
        return activated(op, Act.SIGMOID, given, "sigmoid", sign=Sign.POSITIVE, shape="cosine")
    return activated(op, Act.SIGMOID, given, "sigmoid", sign=Sign.NON_NEGATIVE)


@function("hardsigmoid")
def _hardsigmoid(op: Op) -> Value:
    given = op.tensor()
    return activated(op, Act.PROB, given, "hardsigmoid", sign=Sign.NON_NEGATIVE)


@function("logsigmoid")
def _logsigmoid(op: Op) -> Value:
    return activated(op, Act.LOG_SIGMOID, op.tensor(), "logsigmoid")


@function("tanh", "softsign")
def _tanh(op: Op) -> Value:
    return activated(op, Act.TANH, op.tensor(), op.name)


@function("hardtanh")
def _hardtanh(op: Op) -> Value:
    bounds = [op.given(1, "min_val"), op.given(2, "max_val")]
    if op.module is not None:
        bounds += [op.run.heap.get(op.module.slots, slot) for slot in _BOUNDS]
    if any(bound is not None for bound in bounds):
        return blend(op.tensor()).but(shape=BOUNDED)
    return activated(op, Act.TANH, op.tensor(), op.name)


_BOUNDS = (("arg", 0), ("opt", "min_val"), ("opt", "max_val"))
"""The slots of a module with what it was told to keep its output between."""


@function("relu", "relu6", "threshold")
def _relu(op: Op) -> Value:
    reason = ZeroReason(op.run.place(op.node), RELU, "a relu is zero for every negative input")
    given = op.tensor()
    endless = given.act is Act.RAW and op.name == "relu"
    made = activated(op, Act.RELU, given, op.name, sign=Sign.NON_NEGATIVE, zero=reason)
    return made.but(marks=made.marks - {ENDLESS} | ({ENDLESS} if endless else set()))


@function(
    "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "mish", "prelu", "rrelu", "hardswish"
)
def _other(op: Op) -> Value:
    given = op.tensor()
    if given.shape in ("shifted", "non-positive") and op.name in _OF_THE_SIGN:
        return blend(given).but(shape=given.shape)
    scores = given.act is Act.RAW or given.shape == "scores"
    return blend(given).but(shape="scores" if scores else "")


_OF_THE_SIGN = frozenset({"leaky_relu", "elu", "selu", "celu", "prelu"})
"""Functions that leave what is not positive so."""


@function("softplus")
def _softplus(op: Op) -> Value:
    return blend(op.tensor()).but(sign=Sign.POSITIVE)


def dim_of(op: Op, index: int = 1) -> tuple[int | None, bool]:
    """The dim that a call passes, and whether it passes any."""
    value = op.given(index, "dim", "axis")
    if value is None or value == NONE:
        return None, op.args.open
    if isinstance(value, Const) and isinstance(value.value, int):
        return value.value, True
    return None, True


def implicit(op: Op, given: Tensor, made: Tensor, place: Place, name: str) -> Tensor:
    """The result ``made`` of a softmax that was given no dim, which is reported where it is of use.

    That is in a network or a loss, where the result goes on, or else once it reaches a loss.
    """
    if op.run.no_grad or _is_method(op) or _demands_dim(op):
        return made  # only looked at; or of no tensor, whose own method demands a dim
    if place in op.run.seen.of_several:
        return made  # the others that may be called there take no dim
    if given.act is not Act.RAW and rank(given.sizes) == 1:
        return made  # a vector of weights, and not of what a network says of one sample
    confidence = Confidence.LOW if op.guessed else Confidence.HIGH
    if _is_in_network(op) and not is_taken_out(op.run.frame.body, op.node):
        op.run.emit(ImplicitDim(place, name, confidence, given.sizes))
        return made
    operand = Tensor(confidence=confidence, sizes=given.sizes)
    operation = Operation(OperationKind.IMPLICIT_DIM, place, name, operand)
    return made.but(operations=made.operations | {operation})


def _is_method(op: Op) -> bool:
    """Whether a softmax is the method of an object, and no function of a module."""
    if not isinstance(op.node, cst.Call) or not isinstance(op.node.func, cst.Attribute):
        return False
    if op.module is not None:
        return False
    # a function may be kept as an attribute: `self.softmax = F.softmax`
    called = alternatives_of(op.run.eval(op.node.func))
    return not any(isinstance(one.value, Extern) for one in called)


def _demands_dim(op: Op) -> bool:
    """Whether a function is called that raises without a dim, as torch's own softmax does."""
    called = op.run.eval(op.node.func) if isinstance(op.node, cst.Call) else None
    return isinstance(called, Extern) and called.name in ("torch.softmax", "torch.log_softmax")


def _is_in_network(op: Op) -> bool:
    """Whether a call is one of a network's, by its code or by the container that it is made of."""
    for frame in op.run.frames:
        if frame.in_loss:
            return True
        if isinstance(frame.self, Instance) and is_network(frame.self):
            return True
    called = op.node.func if isinstance(op.node, cst.Call) else None
    if op.module is None or called is None:
        return False
    holder = op.run.eval(called.value) if isinstance(called, cst.Attribute) else None
    if isinstance(holder, Unknown) or (isinstance(holder, Instance) and is_network(holder)):
        return True  # part of what else is in there
    return op.run.eval(called) != op.module


@function("softmax", "softmin")
def _softmax(op: Op) -> Value:
    given = op.tensor()
    dim, passed = dim_of(op)
    made = softmaxed(op, given, dim)
    return made if passed else implicit(op, given, made, op.run.place(op.node), op.name)


def softmaxed(op: Op, given: Tensor, dim: int | None) -> Tensor:
    """The result of a softmax over a dimension."""
    squashed = given.act in (Act.SIGMOID, Act.SOFTMAX, Act.TANH)
    if squashed or (given.shape in LIMITED and STEEP not in given.marks):
        facts = {"sign": Sign.POSITIVE, "shape": "cosine"}
        return activated(op, Act.SOFTMAX, given, "softmax", dim=dim, **facts)
    return activated(op, Act.SOFTMAX, given, "softmax", dim=dim, sign=Sign.NON_NEGATIVE)


@function("gumbel_softmax")
def _gumbel(op: Op) -> Value:
    return activated(op, Act.PROB, op.tensor(), "gumbel_softmax", sign=Sign.NON_NEGATIVE)


@function("log_softmax")
def _log_softmax(op: Op) -> Value:
    given = op.tensor()
    dim, passed = dim_of(op)
    made = activated(op, Act.LOG_SOFTMAX, given, "log_softmax", dim=dim)
    return made if passed else implicit(op, given, made, op.run.place(op.node), op.name)


@function("one_hot")
def _one_hot(op: Op) -> Value:
    given = op.tensor()
    trail = extend(None, op.run.place(op.node), ONE_HOT_MADE)
    made = Tensor(
        target=TargetKind.ONE_HOT,
        marks=frozenset({ROWS}),
        dtype=DType.INT,
        grad=False,
        operations=lasting(given.operations),
        deps=given.deps,
        sign=Sign.NON_NEGATIVE,
        trail=trail,
    )
    # of labels that are not followed, this is where the way to what gave them ends for sure
    ends = given.but(grad=True) if isinstance(op.given(0, "input", "tensor"), Unknown) else given
    return cut(op.run, ends, made, op.name, op.node)
