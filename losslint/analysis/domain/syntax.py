"""One parsed source file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import libcst as cst

    from losslint.analysis.reading.surroundings import Surroundings


@dataclass(frozen=True, slots=True, eq=False)
class SourceModule:
    """A file that was parsed: its path, its decoded text, its tree."""

    path: Path
    text: str
    tree: cst.Module
    around: Surroundings | None = None
    """The files around it; None for a file by itself."""
    longer: Mapping[int, int] = field(default_factory=dict)
    """By how much lines of the tree are longer than in the text: it is indented by spaces only."""
