"""What is done to gradients, in order, as a tree that keeps branches and loops apart."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from losslint.finding import Confidence

if TYPE_CHECKING:
    from losslint.analysis.trail import Place


@dataclass(frozen=True, slots=True)
class Backward:
    """Gradients are added to the parameters that the loss depends on."""

    place: Place
    deps: frozenset[Hashable]
    """Empty where they cannot be told."""


@dataclass(frozen=True, slots=True)
class OptimizerStep:
    """An optimizer uses the gradients of its parameters."""

    place: Place
    optimizer: Hashable
    label: str
    owners: frozenset[Hashable] | None
    """The modules whose parameters it holds; None where they cannot be told."""
    confidence: Confidence


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
class Branch:
    """Several ways to go on, one of which is taken."""

    arms: tuple[Trace, ...]


@dataclass(frozen=True, slots=True)
class Loop:
    """A body that runs again and again."""

    place: Place
    body: Trace
    repeats: bool
    """False for a loop over a few known items, or one that always ends in its first round."""


Action: TypeAlias = Backward | OptimizerStep | ZeroGrad | Branch | Loop
Trace: TypeAlias = tuple[Action, ...]
