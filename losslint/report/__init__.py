"""Output formats: one module each, with a ``write`` function."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TextIO, cast

from losslint.errors import UserError, did_you_mean
from losslint.finding import Report, Safety

FORMATS = ("text", "concise", "json")


@dataclass(frozen=True, slots=True)
class View:
    """How to show a report."""

    folder: Path
    """Paths are shown relative to this folder."""
    quiet: bool = False
    """Findings, and nothing else."""
    statistics: bool = False
    """Counts by rule in place of the findings."""
    safeties: Collection[Safety] = (Safety.SAFE,)
    """The safeties of the fixes that are on offer; the others are hinted at."""

    def path(self, path: Path) -> str:
        """The path as it is shown: relative, with forward slashes."""
        try:
            return Path(os.path.relpath(path, self.folder)).as_posix()
        except ValueError:  # on another drive
            return path.as_posix()


Writer = Callable[[Report, View, TextIO], None]


def writer(name: str) -> Writer:
    """The writer of the format called ``name``.

    Raises:
        UserError: if there is none.
    """
    if name not in FORMATS:
        hint = did_you_mean(name, FORMATS)
        raise UserError(f"--output-format is one of {', '.join(FORMATS)}, not {name!r}{hint}")
    return cast("Writer", import_module(f"losslint.report.{name}").write)


def rule_counts(report: Report) -> list[tuple[str, str, int]]:
    """Code, name and number of findings of each rule that found something, most first."""
    counts = Counter((finding.code, finding.name) for finding in report.findings)
    return [
        (code, name, number)
        for (code, name), number in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]
