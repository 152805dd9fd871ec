"""One line for each finding, for editors and grep."""

from __future__ import annotations

from typing import TextIO

from losslint.finding import Report, Span
from losslint.report import View
from losslint.report.escape import printable
from losslint.report.fixes import hint, mark
from losslint.report.summary import NO_REASON, summary, write_statistics


def write(report: Report, view: View, out: TextIO) -> None:
    """Writes a line with its place for each finding, and for each unresolved loss call."""
    if view.statistics:
        write_statistics(report, out)
    else:
        for finding in report.findings:
            code = f"{finding.code}{mark(finding, view)}"
            said = f"{code} {finding.severity.name.lower()}: {finding.message}"
            out.write(f"{_place(finding.span, view)}: {printable(said)}\n")
    for unresolved in report.unresolved or ():
        said = unresolved.why or NO_REASON
        if unresolved.lost is not None and unresolved.lost != unresolved.span:
            said = f"{said} ({_place(unresolved.lost, view)})"
        out.write(f"{_place(unresolved.span, view)}: unresolved: {printable(said)}\n")
    if not view.quiet:
        out.writelines(f"{line}\n" for line in (summary(report), hint(report, view)) if line)


def _place(span: Span, view: View) -> str:
    return printable(f"{view.path(span.path)}:{span.position}")
