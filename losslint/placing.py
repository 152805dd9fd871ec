"""Lines and columns for what was found: one pass for each file that something points into."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from losslint.diagnosis import Broken, Said
from losslint.finding import (
    NOT_ANALYSED,
    Confidence,
    Finding,
    Patch,
    Problem,
    Related,
    Span,
    Unresolved,
)
from losslint.patching import nodes_of, patch
from losslint.positions import ranges_in
from losslint.source import lines_with_ends

if TYPE_CHECKING:
    from pathlib import Path

    from libcst import CSTNode

    from losslint.analysis import session as analysed
    from losslint.analysis.domain.syntax import SourceModule
    from losslint.analysis.domain.trail import Place
    from losslint.rule import Diagnosis, Rule

_BROKEN_RULE = "a bug in that rule, not in this code; the other rules were asked"


class Placer:
    """Makes findings of diagnoses, and problems of rules that failed."""

    def __init__(self, said: Iterable[Said], others: Iterable[Place]) -> None:
        self.modules: dict[Path, SourceModule] = {}
        self.problems: list[Problem] = []
        self._lines: dict[Path, Sequence[str]] = {}
        said = list(said)
        steps = (step.place for _, diagnosis in said for step in diagnosis.trail)
        fixes = (place for _, diagnosis in said for place in _fixed(diagnosis))
        wanted: defaultdict[Path, set[CSTNode]] = defaultdict(set)
        for place in chain((diagnosis.at for _, diagnosis in said), steps, fixes, others):
            self.modules[place.file.path] = place.file
            wanted[place.file.path].add(place.node)
        self._ranges = {
            path: ranges_in(self.modules[path], nodes) for path, nodes in wanted.items()
        }

    def finding(self, rule: Rule, diagnosis: Diagnosis) -> Iterator[Finding]:
        """The finding for a diagnosis; none where its node is in no tree."""
        span = self.span(diagnosis.at)
        if span is None:
            message = f"a finding of {rule.code} has no place in this file"
            self.problems.append(self.problem(Broken(diagnosis.at, message)))
            return
        yield Finding(
            code=rule.code,
            name=rule.name,
            severity=rule.severity if diagnosis.severity is None else diagnosis.severity,
            confidence=diagnosis.confidence,
            span=span,
            message=diagnosis.message,
            help=diagnosis.help,
            related=tuple(
                Related(at, step.message)
                for step in diagnosis.trail
                if (at := self.span(step.place)) is not None
            ),
            url=rule.url,
            fix=self._patch(diagnosis),
        )

    def _patch(self, diagnosis: Diagnosis) -> Patch | None:
        """The fix of a diagnosis that is sure, as text."""
        if diagnosis.fix is None or diagnosis.confidence is not Confidence.HIGH:
            return None
        return patch(diagnosis.fix, self.span, self._lines_of)

    def _lines_of(self, place: Place) -> Sequence[str]:
        path = place.file.path
        if path not in self._lines:
            self._lines[path] = lines_with_ends(place.file.text)
        return self._lines[path]

    def problem(self, failure: Broken) -> Problem:
        """The problem that a rule failed at a place."""
        span = self._span_or_file(failure.at)
        return Problem(NOT_ANALYSED, span, failure.message, _BROKEN_RULE)

    def unresolved(self, lost: analysed.Unresolved) -> Unresolved:
        """A loss call that was not understood, with its place."""
        return Unresolved(
            self._span_or_file(lost.call),
            None if lost.lost is None else self.span(lost.lost),
            lost.why,
        )

    def _span_or_file(self, place: Place) -> Span:
        return self.span(place) or Span(place.file.path, 1, 1, 1, 1)

    def span(self, place: Place) -> Span | None:
        """The lines and columns of one of the places; None where its node is in no tree."""
        found = self._ranges[place.file.path].get(place.node)
        if found is None:
            return None
        start, end = found.start, found.end
        return Span(place.file.path, start.line, start.column + 1, end.line, end.column + 1)


def _fixed(diagnosis: Diagnosis) -> Iterable[Place]:
    return () if diagnosis.fix is None else nodes_of(diagnosis.fix)
