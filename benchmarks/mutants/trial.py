"""Lints programs and their faulty copies, and says what became of the fault."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from benchmarks.mutants.program import Mutant, Program
from losslint.engine import Job, lint
from losslint.finding import Finding
from losslint.rule import Rule
from losslint.selection import FileIgnores, choose
from losslint.source import Source


class Outcome(Enum):
    """What became of one fault."""

    FOUND = "found"
    MISSED = "missed"
    HARMLESS = "harmless"
    """The change makes no fault, and nothing was said."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What was said about one mutant."""

    mutant: Mutant
    outcome: Outcome
    elsewhere: tuple[Finding, ...] = field(default=())
    """Findings that have nothing to do with the fault."""


class Linter:
    """losslint with all defaults, and the advice that is asked for."""

    def __init__(self, rules: Sequence[type[Rule]]) -> None:
        self._rules = rules
        self._enabled = choose(rules, [])
        self._advice = frozenset(rule.code for rule in rules) - self._enabled

    def findings(
        self, files: Mapping[str, str], folder: Path, advice: frozenset[str] = frozenset()
    ) -> tuple[Finding, ...]:
        """What is found in files.

        Args:
            files: texts by their paths.
            folder: an empty folder to write them to, since imports are looked up on disk.
            advice: codes that are on besides the defaults.
        """
        sources = []
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
            sources.append(Source.read(path))
        job = Job(
            top=folder,
            rules=self._rules,
            enabled=self._enabled | advice,
            file_ignores=FileIgnores(folder),
        )
        return lint(sources, job).findings

    def given_advice(self, program: Program, folder: Path) -> frozenset[str] | None:
        """The advice that a program gets as it is, or nothing if a default rule finds anything."""
        codes = {found.code for found in self.findings(program.files, folder, self._advice)}
        return frozenset(codes) if codes <= self._advice else None

    def trial(self, mutant: Mutant, folder: Path) -> Trial:
        """Lints a mutant of a program in which nothing was found."""
        found = self.findings(mutant.files, folder, mutant.codes)
        right = [finding for finding in found if finding.code in mutant.codes]
        elsewhere = tuple(finding for finding in found if finding.code not in mutant.codes)
        if mutant.is_harmless:
            return Trial(mutant, Outcome.HARMLESS, found)
        return Trial(mutant, Outcome.FOUND if right else Outcome.MISSED, elsewhere)
