"""What could not be analysed, and why."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Failure:
    """A file, or a function in it, that the analysis had to leave out."""

    path: Path
    line: int
    column: int
    kind: str
    """syntax, limit, crash or unreadable"""
    message: str


class BudgetSpent(Exception):
    """The limit of steps for one file is reached."""
