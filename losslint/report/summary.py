"""What a run comes to, in a line or two."""

from __future__ import annotations

from typing import TextIO

from losslint.finding import Report, Severity
from losslint.report import rule_counts
from losslint.report.escape import printable


def summary(report: Report) -> str:
    """How much was found, in how many files, and how much of the code was understood."""
    if not report.files:
        return "No files were linted."
    files = count(report.files, "file")
    if report.fixed:
        total = count(len(report.findings) + len(report.fixed), "finding")
        left = ": ".join([f"{len(report.findings)} remaining", *filter(None, [_kinds(report)])])
        found = f"Found {total} ({len(report.fixed)} fixed, {left}) in {files}."
    elif report.findings:
        total = count(len(report.findings), "finding")
        found = f"Found {total} ({_kinds(report)}) in {files}."
    else:
        found = f"Found nothing wrong in {files}."
    coverage = report.coverage
    if not coverage.loss_calls:
        return f"{found} No loss calls."
    return f"{found} {count(coverage.loss_calls, 'loss call')}, {coverage.understood} understood."


def _kinds(report: Report) -> str:
    """How many findings of each severity are left."""
    return ", ".join(
        count(number, severity.name.lower())
        for severity in reversed(Severity)
        if (number := sum(finding.severity is severity for finding in report.findings))
    )


NO_REASON = "the criterion or its input is not known"
"""Why a loss call was not understood, where the analysis cannot tell."""


def count(number: int, noun: str, ending: str = "s") -> str:
    """The number with its noun, which takes an ending unless it is one (or is advice)."""
    plural = "" if number == 1 or noun == "advice" else ending
    return f"{number} {noun}{plural}"


def write_statistics(report: Report, out: TextIO) -> None:
    """Writes how often each rule found something, most first."""
    rows = rule_counts(report)
    width = max((len(str(number)) for _, _, number in rows), default=0)
    out.writelines(
        f"{number:>{width}}  {printable(code)}  {printable(name)}\n" for code, name, number in rows
    )
