"""From the lines of a notebook's joined text to those of its cells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from losslint.source import lines_of

if TYPE_CHECKING:
    from pathlib import Path

    from losslint.finding import Finding, Problem, Report, Span, Unresolved
    from losslint.notebook import Notebook
    from losslint.source import Source


class Cells:
    """Puts what was found in notebooks into their cells.

    Args:
        sources: the files that something was found in, notebooks or not.
    """

    def __init__(self, sources: Iterable[Source]) -> None:
        self._notebooks: Mapping[Path, Notebook] = {
            source.path: source.notebook for source in sources if source.notebook is not None
        }

    def place(self, report: Report) -> Report:
        """The report with lines that are counted in cells; its order stays as it is."""
        if not self._notebooks:
            return report
        unresolved = report.unresolved
        return replace(
            report,
            findings=tuple(map(self._finding, report.findings)),
            problems=tuple(map(self._problem, report.problems)),
            unresolved=None if unresolved is None else tuple(map(self._unresolved, unresolved)),
            texts=dict(self._texts(report)),
        )

    def _finding(self, finding: Finding) -> Finding:
        related = tuple(replace(step, span=self._span(step.span)) for step in finding.related)
        return replace(finding, span=self._span(finding.span), related=related)

    def _problem(self, problem: Problem) -> Problem:
        return replace(problem, span=self._span(problem.span))

    def _unresolved(self, call: Unresolved) -> Unresolved:
        lost = None if call.lost is None else self._span(call.lost)
        return replace(call, span=self._span(call.span), lost=lost)

    def _span(self, span: Span) -> Span:
        notebook = self._notebooks.get(span.path)
        cell = None if notebook is None else notebook.cell_at(span.line)
        if cell is None:
            return span
        lines = lines_of(cell.text)
        line = min(max(1, span.line - cell.first_line + 1), len(lines))
        end = min(max(line, span.end_line - cell.first_line + 1), len(lines))
        return replace(span, line=line, end_line=end, cell=cell.index)

    def _texts(self, report: Report) -> Iterator[tuple[tuple[Path, int | None], str]]:
        for (path, cell), text in report.texts.items():
            notebook = self._notebooks.get(path)
            if notebook is None:
                yield (path, cell), text
            else:
                yield from (((path, one.index), one.text) for one in notebook.cells)
