"""losslint run as its users run it: a process of its own over a folder, with all defaults."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

At = tuple[str, int]
"""A path with forward slashes, relative to the linted folder, and a line."""


# Not `python -m losslint`, which would import modules from the linted folder.
COMMAND = (
    str(Path(sys.executable).with_name("losslint")),
    *("--isolated", "--exit-zero", "--output-format", "json", "."),
)
"""Lints the current folder."""


class LintError(Exception):
    """A run that failed as a whole."""


@dataclass(frozen=True, slots=True)
class Reported:
    """One finding."""

    code: str
    severity: str
    at: At
    message: str
    way: frozenset[At] = frozenset()
    """The places that the value took to get there."""

    @property
    def places(self) -> frozenset[At]:
        """Where it points to: its own place and the way there."""
        return self.way | {self.at}


@dataclass(frozen=True, slots=True)
class Run:
    """What one run reported."""

    findings: tuple[Reported, ...]
    files: int = 0
    loss_calls: int = 0
    understood: int = 0


def lint(folder: Path) -> Run:
    """Lints a folder.

    Raises:
        LintError: if losslint ends with anything but a report, or has nothing to lint.
    """
    done = subprocess.run(
        COMMAND, cwd=folder, env=environment(), capture_output=True, encoding="utf-8", check=False
    )
    return run_of(folder, done.returncode, done.stdout, done.stderr)


def environment() -> dict[str, str]:
    """The variables to run losslint with."""
    return {**os.environ, "PYTHONUTF8": "1"}


def run_of(folder: Path, code: int, out: str, err: str) -> Run:
    """What a process that linted a folder reported.

    Raises:
        LintError: if that is no report, or there was nothing to lint.
    """
    if code:
        raise LintError(f"{folder}: losslint ended with {code}:\n{err}")
    document: dict[str, Any] = json.loads(out)
    coverage, files = document["coverage"], document["summary"]["files"]
    if not files:
        raise LintError(f"{folder}: losslint found no Python file there, so nothing was measured")
    return Run(
        tuple(_reported(finding) for finding in document["findings"]),
        files,
        coverage["loss_calls"],
        coverage["understood"],
    )


def _reported(finding: dict[str, Any]) -> Reported:
    return Reported(
        code=finding["code"],
        severity=finding["severity"],
        at=_at(finding),
        message=finding["message"],
        way=frozenset(map(_at, finding["related"])),
    )


def _at(row: dict[str, Any]) -> At:
    return str(PurePosixPath(row["path"])), row["line"]
