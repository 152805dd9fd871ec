"""One line for each finding, for editors and grep."""

from __future__ import annotations

from typing import TextIO

from losslint.finding import Report
from losslint.report import View
from losslint.report.escape import printable
from losslint.report.summary import summary, write_statistics


def write(report: Report, view: View, out: TextIO) -> None:
    """Writes ``path:line:column: CODE severity: message`` for each finding."""
    if view.statistics:
        write_statistics(report, out)
    else:
        for finding in report.findings:
            span = finding.span
            place = f"{view.path(span.path)}:{span.line}:{span.column}"
            said = f"{finding.code} {finding.severity.name.lower()}: {finding.message}"
            out.write(f"{printable(place)}: {printable(said)}\n")
    if not view.quiet:
        out.write(summary(report) + "\n")
