"""Distributions of torch: what is known of their parameters, and of what is computed with them."""

from __future__ import annotations

from collections.abc import Iterator

from losslint.analysis.domain.containers import kind_of
from losslint.analysis.domain.sizes import at, rank
from losslint.analysis.domain.trail import extend, steps_of
from losslint.analysis.domain.values import (
    Act,
    Const,
    Instance,
    Sign,
    Tensor,
    Value,
    alternatives_of,
)
from losslint.analysis.events import FLOW, Operation, OperationKind
from losslint.analysis.interpreter import Interpreter
from losslint.analysis.tensors.blending import blend, deps_of, union_deps
from losslint.analysis.tensors.forms import LOG_DENSITY
from losslint.analysis.torch_api.registry import Op, extern, group_of, method
from losslint.analysis.training.gradient_flow import cut


def parameter_of(run: Interpreter, value: Instance, name: str) -> Value | None:
    """A parameter of a distribution by its name, in one form or the other of it."""
    if name in ("probs", "logits") and "Categorical" in kind_of(value):
        # both are normalised, whichever of them was given
        act = Act.LOG_SOFTMAX if name == "logits" else Act.SOFTMAX
        sign = Sign.POSITIVE if name == "probs" else Sign.UNKNOWN
        trail = None if value.built is None else extend(None, value.built.step.place, _NORMALISED)
        return Tensor(act=act, sign=sign, deps=_deps(value), grad=_is_learned(value), trail=trail)
    if name in ("probs", "mean") and kind_of(value).endswith("Bernoulli"):
        return _chance(run, value)
    if name in ("probs", "logits"):
        return Tensor(deps=_deps(value), grad=_is_learned(value))
    return None


_NORMALISED = "a distribution over these classes"


def _is_learned(value: Instance) -> bool:
    """Whether a gradient may go through what a distribution is made of."""
    given = [one.value for slot in list(value.slots.values()) for one in alternatives_of(slot)]
    known = [one for one in given if not isinstance(one, Const)]
    return not known or any(not isinstance(one, Tensor) or one.grad for one in known)


def _chance(run: Interpreter, value: Instance) -> Value:
    """The probability of a Bernoulli distribution, which it makes of the logits if it has to."""
    given, logits = _given(run, value, "probs", 0), _given(run, value, "logits", 1)
    if given is not None or not isinstance(logits, Tensor) or value.built is None:
        return given if isinstance(given, Tensor) else Tensor(deps=_deps(value))
    trail = extend(None, value.built.step.place, "a sigmoid of these logits")
    made = blend(logits).but(act=Act.SIGMOID, sign=Sign.NON_NEGATIVE, trail=trail)
    return made.but(sizes=logits.sizes)


def _given(run: Interpreter, value: Instance, name: str, index: int) -> Value | None:
    return run.heap.get(value.slots, ("opt", name)) or run.heap.get(value.slots, ("arg", index))


def _deps(value: Instance) -> frozenset[object]:
    deps: frozenset[object] = frozenset()
    for slot in list(value.slots.values()):
        deps = union_deps(deps, deps_of(slot))
    return deps


def _parameters(value: Instance) -> Iterator[Tensor]:
    """The tensors that a distribution is made of, or the one that it wraps."""
    for slot in list(value.slots.values()):
        for one in alternatives_of(slot):
            if isinstance(one.value, Tensor):
                yield one.value
            elif isinstance(one.value, Instance) and group_of(one.value) == "distribution":
                yield from _parameters(one.value)


def _has_graph(op: Op, value: Instance) -> bool:
    """Whether a gradient may go to what a density is of, or to a parameter of the distribution."""
    given = list(_parameters(value))
    known = len(given) > 1 and all(not one.grad for one in given)
    points = [one.value for arg in op.args.all() for one in alternatives_of(arg)]
    fixed = not any(isinstance(one, Tensor) and one.grad for one in points)
    return not op.run.no_grad and not (known and fixed)


def _live_deps(op: Op, value: Instance) -> frozenset[object]:
    """What a gradient of a density goes to, if there is one; else what the density is made of.

    Of a flow, what is trained is the point, and the distribution is fixed.
    """
    given = [
        *_parameters(value),
        *(one.value for arg in op.args.all() for one in alternatives_of(arg)),
    ]
    known = [one for one in given if isinstance(one, Tensor)]
    live = frozenset(dep for one in known if one.grad for dep in one.deps)
    dead = frozenset(dep for one in known if not one.grad for dep in one.deps)
    return live | (_deps(value) - dead) if any(one.grad for one in known) else _deps(value)


def _guesses(value: Instance) -> frozenset[Operation]:
    """The softmaxes without dim that gave a distribution its probabilities."""
    return frozenset(
        operation
        for one in _parameters(value)
        for operation in one.operations
        if operation.kind is OperationKind.IMPLICIT_DIM
    )


def _inherited(value: Instance) -> frozenset[Operation]:
    """What the parameters were made by; an exponential is meant to be one there."""
    return frozenset(
        operation
        for one in _parameters(value)
        for operation in one.operations
        if operation.kind not in FLOW and operation.kind is not OperationKind.EXP
    )


def _at_fault(run: Interpreter, value: Instance) -> frozenset[Operation]:
    """What is wrong with a distribution for a loss that is made of it."""
    kind = kind_of(value).rpartition(".")[2]
    found = _inherited(value)
    if value.built is None:
        return found
    place = value.built.step.place
    logits = _given(run, value, "logits", 1)
    applied = next((act for name, act in _APPLIED.items() if kind.endswith(name)), None)
    if isinstance(logits, Tensor) and logits.act is applied:
        trail = steps_of(logits.trail)
        found |= {Operation(OperationKind.LOGITS, place, kind, logits, None, trail, run.repeats())}
    for given in (_given(run, value, "probs", 0), logits):
        if kind.endswith("Categorical") and isinstance(given, Tensor) and is_across(given):
            trail = steps_of(given.trail)
            across = Operation(OperationKind.ACROSS, place, kind, given, None, trail, run.repeats())
            found |= {across}
    return found


def is_across(given: Tensor) -> bool:
    """Whether rows of several classes went through a softmax over the samples, one a row."""
    if given.act not in (Act.SOFTMAX, Act.LOG_SOFTMAX) or given.dim not in (0, -2):
        return False
    return rank(given.sizes) == 2 and (at(given.sizes, -1) or 0) > 1


_APPLIED = {"Categorical": Act.SOFTMAX, "Bernoulli": Act.SIGMOID}
"""What distributions make of their logits, by the ends of their names."""


@extern("torch.distributions.kl_divergence", "torch.distributions.kl.kl_divergence")
def _divergence(op: Op) -> Value:
    sides = [op.arg(0, "p"), op.arg(1, "q")]
    known = [one for one in sides if isinstance(one, Instance)]
    made = blend(*sides)
    deps, operations = made.deps, made.operations
    for one in known:
        deps, operations = union_deps(deps, _deps(one)), operations | _inherited(one)
    return made.but(deps=deps, operations=operations, grad=not op.run.no_grad)


@method("distribution", "log_prob")
def _log_prob(op: Op, target: Instance) -> Value:
    return Tensor(
        act=Act.LOG_PROB,
        picked=True,
        deps=_live_deps(op, target),
        operations=_at_fault(op.run, target),
        grad=_has_graph(op, target),
        sign=Sign.UNKNOWN,
        marks=frozenset({LOG_DENSITY}) if _has_tails(op.run, target) else frozenset(),
    )


def _has_tails(run: Interpreter, value: Instance) -> bool:
    """Whether a distribution has a density that falls off as an exponential does."""
    if kind_of(value).endswith(".Independent"):
        inner = run.heap.get(value.slots, ("arg", 0))
        return isinstance(inner, Instance) and _has_tails(run, inner)
    return kind_of(value).rpartition(".")[2] in _TAILED


_TAILED = frozenset(
    {
        "Gamma",
        "Gumbel",
        "HalfNormal",
        "Laplace",
        "LogNormal",
        "LowRankMultivariateNormal",
        "MultivariateNormal",
        "Normal",
    }
)
"""Distributions whose density rounds to zero far from the mean."""


@method("distribution", "entropy", "rsample", "expand")
def _of_distribution(op: Op, target: Instance) -> Value:
    return Tensor(
        deps=_deps(target),
        operations=_at_fault(op.run, target),
        grad=not op.run.no_grad,
    )


@method("distribution", "sample")
def _sample(op: Op, target: Instance) -> Value:
    given = Tensor(deps=_deps(target), operations=_guesses(target))
    return cut(op.run, given, Tensor(grad=False), op.name, op.node)
