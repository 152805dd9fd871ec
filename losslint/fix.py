"""What a rule offers to change, in terms of the nodes of the tree.

An event has nodes and no positions, so a rule says between which nodes what should stand. Lines and
columns are worked out later, once for all that was found in a file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from losslint.finding import Safety

if TYPE_CHECKING:
    from losslint.analysis.domain.trail import Place

__all__ = [
    "Change", "Edge", "Fix", "Safety", "line_after", "line_before", "offered", "replaced",
    "without",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Edge:
    """Where a node begins, or where it ends."""

    place: Place
    at_end: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """Text in place of what stands between two edges of nodes of one file.

    A node begins behind its own white space and parentheses, and ends before them.
    """

    start: Edge
    end: Edge
    text: str
    """Every line of it after the first is indented like the line on which the change starts."""
    lines: str = ""
    """``whole``: the lines from edge to edge, with their ends; ``before`` or ``after``: the text is
    a line of its own there, and nothing is replaced; empty: from edge to edge."""


@dataclass(frozen=True, slots=True)
class Fix:
    """Changes that belong together: all of them are made, or none."""

    message: str
    """What is done, as an order: ``drop the softmax``."""
    safety: Safety
    changes: tuple[Change, ...]
    together: frozenset[Place] = frozenset()
    """Other loss calls that the changes concern: the fix is offered only if the rule offers the
    same at each of them."""


def replaced(place: Place, text: str) -> Change:
    """Other text in place of a node."""
    return Change(Edge(place), Edge(place, at_end=True), text)


def without(statement: Place) -> Change:
    """A statement taken out, with its lines and the comment behind it."""
    return Change(Edge(statement), Edge(statement, at_end=True), "", "whole")


def line_before(statement: Place, code: str) -> Change:
    """A line of its own before a statement."""
    return Change(Edge(statement), Edge(statement), code, "before")


def line_after(statement: Place, code: str) -> Change:
    """A line of its own after a statement."""
    return Change(Edge(statement), Edge(statement, at_end=True), code, "after")


def offered(message: str, safety: Safety, *changes: Change | None) -> Fix | None:
    """The fix that makes all the changes; None where one of them cannot be made."""
    made = tuple(change for change in changes if change is not None)
    if not made or len(made) < len(changes):
        return None
    return Fix(message, safety, made)
