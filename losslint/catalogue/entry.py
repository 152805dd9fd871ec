"""What is known of a loss, to be shown and recommended without importing torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Argument(NamedTuple):
    """A tensor that a loss is given."""

    name: str
    shape: str
    values: str
    """What it holds, with its type: ``class indices, torch.int64``."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A loss of losslint's or torch's.

    Attributes:
        name: on the command line.
        group: the heading it is listed under.
        title: what it is, in a line.
        function: dotted name, or None if there is only a module.
        module: dotted name, or None if there is only a function.
        formula: in plain text.
        arguments: the tensors of a call, in order.
        when: what it is for.
        when_not: what to take instead, and when.
        example: code that runs.
        references: papers and pages.
    """

    name: str
    group: str
    title: str
    function: str | None
    module: str | None
    formula: str
    arguments: tuple[Argument, ...]
    when: str
    when_not: str
    example: str
    references: tuple[str, ...]

    @property
    def is_from_torch(self) -> bool:
        """Whether torch has it, and losslint only tells about it."""
        return (self.function or self.module or "").startswith("torch.")
