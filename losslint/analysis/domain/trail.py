"""Where a value has been: places in source files, and the steps that led to a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import libcst as cst

    from losslint.analysis.domain.syntax import SourceModule

MAX_STEPS = 12


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A node of a source file; its line and column are worked out only when it is reported."""

    file: SourceModule
    node: cst.CSTNode

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Place) and self.node is other.node

    def __hash__(self) -> int:
        return id(self.node)


@dataclass(frozen=True, slots=True)
class Step:
    """What happened to a value at a place, in words."""

    place: Place
    message: str


@dataclass(frozen=True, slots=True, eq=False)
class Trail:
    """The steps of a value, newest first, as a linked list that values share."""

    step: Step
    before: Trail | None
    length: int

    def steps(self) -> tuple[Step, ...]:
        """The steps in the order in which they happened."""
        found: list[Step] = []
        trail: Trail | None = self
        while trail is not None:
            found.append(trail.step)
            trail = trail.before
        return tuple(reversed(found))


ONE_HOT_MADE = "one-hot rows made here"
"""What is said of the place where rows with a single one begin."""


def extend(trail: Trail | None, place: Place, message: str) -> Trail | None:
    """The trail with one more step, unless it is too long to be read."""
    length = 0 if trail is None else trail.length
    if length >= MAX_STEPS or (trail is not None and trail.step.place == place):
        return trail
    return Trail(Step(place, message), trail, length + 1)


_APPLIED = " applied here"


def applied(name: str) -> str:
    """What is said of the place where a function, or a module that stands for one, is applied."""
    return f"{name}{_APPLIED}"


def last_applied(trail: Trail | None) -> str | None:
    """The function that a value was last seen to be given to."""
    messages = (step.message for step in reversed(steps_of(trail)))
    return next((one.removesuffix(_APPLIED) for one in messages if one.endswith(_APPLIED)), None)


def steps_of(trail: Trail | None) -> tuple[Step, ...]:
    """The steps of a trail that may be empty."""
    return () if trail is None else trail.steps()
