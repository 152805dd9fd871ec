"""The report for people: each finding with its code, and the way that the value took."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.style import Style
from rich.text import Text

from losslint.finding import Finding, Report, Safety, Severity, Span, Unresolved
from losslint.report import View
from losslint.report.escape import printable
from losslint.report.fixes import hint, mark
from losslint.report.frame import rows
from losslint.report.summary import NO_REASON, summary, write_statistics
from losslint.source import lines_of

_SEVERITY = {
    Severity.ERROR: Style(color="red", bold=True),
    Severity.WARNING: Style(color="yellow", bold=True),
    Severity.ADVICE: Style(color="cyan", bold=True),
}
_STEP = Style(color="blue", bold=True)
_GUTTER = Style(color="blue", bold=True)
_HELP = Style(color="green", bold=True)
_BOLD = Style(bold=True)
_DIM = Style(dim=True)
_MIN_WIDTH = 40
_PIPE_WIDTH = 120
_MAX_UNRESOLVED = 50


def write(report: Report, view: View, out: TextIO) -> None:
    """Writes the findings file by file, what was not understood, and what it all comes to."""
    console = Console(file=out, highlight=False, markup=False, emoji=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = _PIPE_WIDTH
    writer = _Writer(report, view, console)
    if view.statistics:
        write_statistics(report, out)
    else:
        writer.write()
    if report.unresolved:
        writer.write_unresolved(report.unresolved)
    if not view.quiet:
        style = _BOLD if report.findings else _HELP
        console.print(Text(summary(report), style=style), soft_wrap=True)
        if line := hint(report, view):
            console.print(Text(line), soft_wrap=True)


class _Writer:
    def __init__(self, report: Report, view: View, console: Console) -> None:
        self._report = report
        self._view = view
        self._console = console
        self._width = max(_MIN_WIDTH, console.width)
        self._lines: dict[tuple[Path, int | None], list[str]] = {}

    def write(self) -> None:
        for path, findings in groupby(self._report.findings, key=lambda f: f.span.path):
            self._line((self._path(path), _BOLD))
            self._line()
            for finding in findings:
                self._finding(finding)

    def write_unresolved(self, unresolved: Sequence[Unresolved]) -> None:
        """Writes the loss calls that were not understood file by file, up to a limit."""
        shown = unresolved[:_MAX_UNRESOLVED]
        for path, calls in groupby(shown, key=lambda call: call.span.path):
            self._line((self._path(path), _BOLD))
            self._line()
            for call in calls:
                self._unresolved(call)
        if len(unresolved) > len(shown):
            more = f"and {len(unresolved) - len(shown)} more; --output-format concise lists all"
            self._line((more, _DIM))
            self._line()

    def _unresolved(self, call: Unresolved) -> None:
        spans = [call.span] if call.lost in (None, call.span) else [call.span, call.lost]
        margin = max(len(str(span.end_line)) for span in spans)
        why = printable(call.why)
        self._line(("unresolved", _STEP), (f": {NO_REASON}", _BOLD))
        self._frame(call.span, _STEP, margin, "-->", why if len(spans) == 1 else "")
        for span in spans[1:]:
            self._frame(span, _STEP, margin, ":::", f"lost here: {why}")
        self._line()

    def _finding(self, finding: Finding) -> None:
        style = _SEVERITY[finding.severity]
        head = Text.assemble(
            (f"{finding.severity.name.lower()}[{printable(finding.code)}]", style),
            mark(finding, self._view),
            (f": {printable(finding.message)}", _BOLD),
        )
        for line in self._wrapped(head, 0):
            self._console.print(line, soft_wrap=True)
        margin = max(len(str(span.end_line)) for span in _spans(finding))
        self._frame(finding.span, style, margin, "-->", "")
        for step in finding.related:
            self._frame(step.span, _STEP, margin, ":::", printable(step.message))
        self._note(margin, "help", printable(finding.help), _HELP)
        if finding.fix is not None:
            option = "--fix" if finding.fix.safety is Safety.SAFE else "--fix --unsafe-fixes"
            self._note(margin, "fix", f"{printable(finding.fix.message)} (`{option}`)", _HELP)
        confidence = "" if finding.confidence.name == "HIGH" else self._confidence(finding)
        rule = f"{printable(finding.name)}{confidence}; more: losslint explain {finding.code}"
        self._note(margin, "rule", printable(rule), _DIM)
        self._line()

    @staticmethod
    def _confidence(finding: Finding) -> str:
        return f" ({finding.confidence.name.lower()} confidence)"

    def _frame(self, span: Span, style: Style, margin: int, arrow: str, label: str) -> None:
        """A place, and its lines with a mark below and what there is to say about it."""
        place = f"{self._path(span.path)}:{span.position}"
        self._line((f"{' ' * margin}{arrow} ", _GUTTER), place)
        shown = list(rows(span, self._lines_of(span), self._width - margin - 3))
        if not shown:
            if label:
                self._line((f"{' ' * margin} = ", _GUTTER), (label, style))
            return
        self._line((f"{' ' * margin} |", _GUTTER))
        mark = "^" if arrow == "-->" else "-"
        last_marked = [row for row in shown if row.length][-1:]
        for row in shown:
            if row.number is None:
                self._line(("." * max(3, margin), _GUTTER))
                continue
            gutter = f"{row.number:>{margin}} | "
            self._line((gutter, _GUTTER), f"{row.before}{row.marked}{row.after}".rstrip())
            if not row.length:
                continue
            under = " " * row.indent + mark * row.length
            said = label if [row] == last_marked else ""
            beside = margin + 3 + len(under) + 1 + len(said) <= self._width
            self._line(
                (f"{' ' * margin} | ", _GUTTER), (f"{under} {said}" if beside else under, style)
            )
            if said and not beside:
                for line in self._wrapped(Text(said, style), margin + 3):
                    self._console.print(
                        Text.assemble((f"{' ' * margin} | ", _GUTTER), line), soft_wrap=True
                    )

    def _note(self, margin: int, kind: str, said: str, style: Style) -> None:
        lead = f"{' ' * margin} = "
        note = Text.assemble((f"{kind}: ", style), said)
        for number, line in enumerate(self._wrapped(note, len(lead))):
            start = lead if number == 0 else " " * len(lead)
            self._console.print(Text.assemble((start, _GUTTER), line), soft_wrap=True)

    def _wrapped(self, text: Text, indent: int) -> Iterator[Text]:
        """The text in lines of the terminal's width; whole if there is no terminal."""
        if not self._console.is_terminal:
            yield text
            return
        for line in text.wrap(self._console, self._width - indent):
            line.rstrip()
            yield line

    def _line(self, *parts: str | tuple[str, Style]) -> None:
        line = Text.assemble(*parts)
        line.rstrip()
        self._console.print(line, soft_wrap=True)

    def _path(self, path: Path) -> str:
        return printable(self._view.path(path))

    def _lines_of(self, span: Span) -> list[str]:
        key = (span.path, span.cell)
        if key not in self._lines:
            text = self._report.texts.get(key)
            self._lines[key] = [] if text is None else lines_of(text)
        return self._lines[key]


def _spans(finding: Finding) -> Iterator[Span]:
    yield finding.span
    for step in finding.related:
        yield step.span
