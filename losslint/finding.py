"""What a run reports: findings, and how much of the code it understood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from pathlib import Path

SYNTAX_ERROR = "LOS001"
"""The code of a problem with a file that is not Python."""
NOT_ANALYSED = "LOS004"
"""The code of every other problem."""


class Severity(IntEnum):
    """How bad it is if the finding is right."""

    ADVICE = 1
    """Good practice, a matter of tuning."""
    WARNING = 2
    """Numerically unsafe, or trains worse."""
    ERROR = 3
    """Computes the wrong thing, crashes, or loses its gradient."""


class Confidence(IntEnum):
    """How sure the analysis is that the finding is right."""

    LOW = 1
    """Only some paths have the fault, or a guess worth a look."""
    MEDIUM = 2
    """One configuration has it, or one step rests on a convention."""
    HIGH = 3
    """Every known path has the fault."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of source text; lines and columns count from 1, the end is exclusive."""

    path: Path
    line: int
    column: int
    end_line: int
    end_column: int
    cell: int | None = None
    """The index of the notebook's cell that the lines are counted in, from 0."""

    @property
    def row(self) -> str:
        """The line on which it begins, with its cell, as people count."""
        return f"{self.line}" if self.cell is None else f"cell {self.cell + 1}:{self.line}"

    @property
    def position(self) -> str:
        """Where in the file it begins, as people count."""
        return f"{self.row}:{self.column}"


@dataclass(frozen=True, slots=True)
class Related:
    """One step of the way that the offending value took, and what happened there."""

    span: Span
    message: str


class Safety(Enum):
    """Whether a fix may be applied without a look at it."""

    SAFE = "safe"
    """The same value and gradient, only better conditioned; or the old code raised."""
    UNSAFE = "unsafe"
    """It changes what is trained."""


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Text in place of a stretch of a file."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Patch:
    """Edits, maybe in several files, that mend a finding together."""

    message: str
    """What is done, as an order: ``drop the softmax``."""
    safety: Safety
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault at one place: what is wrong in this program's own names, and what to do."""

    code: str
    name: str
    severity: Severity
    confidence: Confidence
    span: Span
    message: str
    help: str
    related: tuple[Related, ...] = ()
    url: str | None = None
    """Where the rule's page is on the web."""
    fix: Patch | None = None


@dataclass(frozen=True, slots=True)
class Coverage:
    """Loss calls met, and those whose criterion and input were worked out."""

    loss_calls: int = 0
    understood: int = 0


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A loss call that was not understood, and where its trail was lost."""

    span: Span
    lost: Span | None
    why: str
    """Empty where that cannot be told."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A place where the analysis gave up, and why."""

    code: str
    span: Span
    message: str
    help: str = ""
    """What to do about it, where that is not what the code always asks for."""


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of one run, findings and problems in the order of their places."""

    findings: tuple[Finding, ...] = ()
    problems: tuple[Problem, ...] = ()
    """Syntax errors and limits, also where their codes are off and they are no findings."""
    coverage: Coverage = field(default_factory=Coverage)
    files: int = 0
    texts: Mapping[tuple[Path, int | None], str] = field(default_factory=dict)
    """The text of each file, or cell of a notebook, that a finding or an unresolved loss call
    points into."""
    unresolved: tuple[Unresolved, ...] | None = None
    """The loss calls that were not understood; None where nobody asked for them."""
    fixed: tuple[Finding, ...] = ()
    """What was found at first and mended in this run."""
