"""Correct training programs, what is known of them, and their faulty copies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class Loss(Enum):
    """What the outputs of a model go into."""

    CROSS_ENTROPY = "cross entropy"
    BINARY_CROSS_ENTROPY = "binary cross entropy with logits"
    SQUARED_ERROR = "squared error"


@dataclass(frozen=True, slots=True)
class Logits:
    """Where a model gives the logits that a loss gets."""

    file: str
    function: str
    """``Class.method``, or the name of a function; what it returns are the logits."""
    loss: Loss
    element: int | None = None
    """Which element of the returned tuple, or argument of the returned object, the logits are."""
    layer: str | None = None
    """The attribute, such as ``self.head``, that holds the last layer."""
    class_dim: int = -1


@dataclass(frozen=True, slots=True)
class Program:
    """A training program that is right."""

    name: str
    files: Mapping[str, str]
    """The texts by their paths."""
    logits: tuple[Logits, ...] = ()
    weighted_sums: tuple[str, ...] = ()
    """Functions that add losses of different kinds with weights, as ``file::function``."""
    harmless: Mapping[str, str] = field(default_factory=dict)
    """Changes that make no fault that can be seen, and why.

    They are named as ``operator file:line``, or by the operator alone.
    """


@dataclass(frozen=True, slots=True)
class Mutant:
    """A program with one fault in it."""

    program: Program
    operator: str
    """What was done to it."""
    file: str
    line: int
    """Where, in the file as it was."""
    files: Mapping[str, str]
    codes: frozenset[str]
    """The rules that say what is wrong now."""

    @property
    def place(self) -> str:
        """The operator, file and line, which name a mutant within its program."""
        return f"{self.operator} {self.file}:{self.line}"

    @property
    def is_harmless(self) -> bool:
        """Whether the change is known to make no fault that can be seen."""
        return not self.program.harmless.keys().isdisjoint({self.place, self.operator})
