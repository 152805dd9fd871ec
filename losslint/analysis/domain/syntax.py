"""One parsed source file."""

from __future__ import annotations

from dataclasses import dataclass
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
