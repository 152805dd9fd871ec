"""What is done to gradients, in order, as a tree that keeps branches and loops apart."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from losslint.analysis.domain.trail import Place
from losslint.finding import Confidence

if TYPE_CHECKING:
    import libcst as cst

    from losslint.analysis.domain.values import Conditions


LONE_PARAMETER = "parameter"
"""The first part of the symbol that owns a parameter which is made outside of all modules."""


@dataclass(frozen=True, slots=True)
class Backward:
    """Gradients are added to the parameters that the loss depends on."""

    place: Place
    deps: frozenset[Hashable]
    """Empty where they cannot be told."""
    losses: frozenset[Hashable] = frozenset()
    """What is backpropagated: the places of its terms, or its symbols."""
    leaves: frozenset[Hashable] = frozenset()
    """Tensors that collect a gradient of their own, where they go to these and to no parameter."""


@dataclass(frozen=True, slots=True)
class OptimizerMade:
    """An optimizer is built."""

    place: Place
    owners: frozenset[Hashable] | None
    """The modules whose parameters it is given; None where they cannot be told."""
    optimizer: Hashable = None
    whole: bool = False
    """It is given all parameters of each of them."""
    function: str = ""
    """The name of the function that builds it."""


@dataclass(frozen=True, slots=True)
class OptimizerStep:
    """An optimizer uses the gradients of its parameters."""

    place: Place
    optimizer: Hashable
    label: str
    owners: frozenset[Hashable] | None
    """The modules whose parameters it holds; None where they cannot be told."""
    confidence: Confidence
    scaled: bool = False
    """A gradient scaler steps it."""
    kind: str = ""
    """The qualified name of its class, where that is known."""


@dataclass(frozen=True, slots=True)
class ZeroGrad:
    """Gradients are zeroed."""

    place: Place
    optimizer: Hashable = None
    owners: frozenset[Hashable] | None = None
    """Modules whose gradients are zeroed; None where they cannot be told."""
    certain: bool = True
    """False for a call of something unknown that may zero gradients."""


@dataclass(frozen=True, slots=True)
class SetWeights:
    """Weights are overwritten by others, such as those that were kept before a step."""

    place: Place
    owners: frozenset[Hashable] | None
    """The modules whose weights they are; None where they cannot be told."""


@dataclass(frozen=True, slots=True)
class LossMade:
    """A loss with its graph is computed."""

    place: Place
    deps: frozenset[Hashable] = frozenset()
    """What it depends on, where only its name says that it is a loss; a criterion's says enough."""


@dataclass(frozen=True, slots=True)
class HandOver:
    """A loss, a gradient or a step is left to something that is not known."""

    place: Place


@dataclass(frozen=True, slots=True)
class Observed:
    """Gradients are computed for something else than a step: a hook reads them, a clock runs."""

    place: Place


@dataclass(frozen=True, slots=True)
class Scale:
    """A gradient scaler multiplies the loss that is backpropagated next."""

    place: Place


@dataclass(frozen=True, slots=True)
class ScalerUpdate:
    """A gradient scaler adapts its scale, or something that may be one does."""

    place: Place


@dataclass(frozen=True, slots=True)
class Unscale:
    """A gradient scaler divides gradients by its scale."""

    place: Place
    optimizer: Hashable


@dataclass(frozen=True, slots=True)
class Clip:
    """Gradients are clipped."""

    place: Place
    owners: frozenset[Hashable] | None
    """The modules whose gradients are clipped; None where they cannot be told."""
    losses: frozenset[Hashable] = frozenset()
    """What was passed instead of parameters, as in :class:`Backward`."""


@dataclass(frozen=True, slots=True)
class KeepLoss:
    """A loss is added to a total, or to a list, that outlives the round of a loop."""

    place: Place
    loop: Place
    """The innermost loop that the total outlives a round of."""
    losses: frozenset[Hashable]
    """As in :class:`Backward`."""
    total: str
    listed: bool
    has_graph: bool = True
    """False where it is made of what something unknown gave under no_grad."""
    deps: frozenset[Hashable] = frozenset()
    """What it depends on; empty where that cannot be told."""
    passed: Place | None = None
    """The call that handed it to the function that keeps it, if the loop itself does not."""
    reached: frozenset[Hashable] = frozenset()
    """What a gradient of it goes to, layers or symbols of these, as in :class:`Backward`."""


@dataclass(frozen=True, slots=True)
class DropLoss:
    """A loss with its graph is computed, and nothing can use it."""

    place: Place
    name: str
    """The variable that it is assigned to; empty where there is none."""
    overwritten: Place | None
    """The assignment that the variable gets instead; None where there is no other."""
    in_loss: bool
    """Something else is returned as the loss."""
    body: cst.CSTNode | None = None
    """The statements of the function that computes it."""
    losses: frozenset[Hashable] = frozenset()
    """As in :class:`Backward`."""
    deps: frozenset[Hashable] = frozenset()
    parts: frozenset[str] = frozenset()
    """Of a sum, the variables that it adds up."""


@dataclass(frozen=True, slots=True)
class Branch:
    """Several ways to go on, one of which is taken."""

    arms: tuple[Trace, ...]
    when: tuple[Conditions, ...] = ()
    """What holds on each of them, where that is known."""
    test: cst.BaseExpression | None = None
    """The test of an if statement whose body is the first of them."""


@dataclass(frozen=True, slots=True)
class Loop:
    """A body that runs again and again."""

    place: Place
    body: Trace
    repeats: bool
    """False for a loop over a few known items, or one that always ends in its first round."""


Action: TypeAlias = (
    Backward
    | OptimizerMade
    | OptimizerStep
    | ZeroGrad
    | SetWeights
    | LossMade
    | HandOver
    | Observed
    | Scale
    | ScalerUpdate
    | Unscale
    | Clip
    | KeepLoss
    | DropLoss
    | Branch
    | Loop
)
Trace: TypeAlias = tuple[Action, ...]


def actions(trace: Trace) -> Iterator[Action]:
    """Every action in a trace, whatever branch or loop it stands in."""
    for action in trace:
        if isinstance(action, Branch):
            for arm in action.arms:
                yield from actions(arm)
        elif isinstance(action, Loop):
            yield from actions(action.body)
        else:
            yield action


def own_actions(trace: Trace) -> Iterator[Action]:
    """What is done in a trace, whatever branch it stands in, and in no loop that repeats."""
    for action in trace:
        if isinstance(action, Branch):
            for arm in action.arms:
                yield from own_actions(arm)
        elif isinstance(action, Loop):
            yield from () if action.repeats else own_actions(action.body)
        else:
            yield action


def is_model(owner: Hashable) -> bool:
    """Whether an owner of parameters is a known module, or the argument of a function."""
    return isinstance(owner, int) or (isinstance(owner, tuple) and owner[0] == "param")


def is_uncertain(action: object) -> bool:
    """Whether an action is a call of something unknown that was given a model or an optimizer."""
    return isinstance(action, ZeroGrad) and not action.certain


def is_certain(action: Action) -> bool:
    """Whether an action is more than what may happen to, or in, something unknown."""
    if isinstance(action, ZeroGrad):
        return action.certain
    if isinstance(action, KeepLoss):
        return any(isinstance(one, Place) for one in action.losses)
    return not isinstance(action, HandOver | Observed)
