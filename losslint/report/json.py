"""One JSON document; docs/json.md says what is in it."""

from __future__ import annotations

import json
from typing import Any, TextIO

from losslint import __version__
from losslint.finding import Finding, Patch, Problem, Report, Severity, Span
from losslint.report import View, rule_counts

VERSION = 1


def write(report: Report, view: View, out: TextIO) -> None:
    """Writes the report as JSON, also when there is nothing to report."""
    document = {
        "version": VERSION,
        "losslint": __version__,
        "findings": [_finding(finding, view) for finding in report.findings],
        "errors": [_error(problem, view) for problem in report.problems],
        "coverage": {
            "loss_calls": report.coverage.loss_calls,
            "understood": report.coverage.understood,
            **_unresolved(report, view),
        },
        "summary": {
            "files": report.files,
            "findings": len(report.findings),
            "fixed": len(report.fixed),
            "by_severity": {
                severity.name.lower(): sum(f.severity is severity for f in report.findings)
                for severity in reversed(Severity)
            },
            "by_rule": {code: number for code, _, number in rule_counts(report)},
        },
    }
    json.dump(document, out, indent=2)
    out.write("\n")


def _finding(finding: Finding, view: View) -> dict[str, Any]:
    return {
        "code": finding.code,
        "name": finding.name,
        "severity": finding.severity.name.lower(),
        "confidence": finding.confidence.name.lower(),
        "message": finding.message,
        "help": finding.help,
        **_place(finding.span, view),
        "related": [
            {**_place(step.span, view), "message": step.message} for step in finding.related
        ],
        "fix": None if finding.fix is None else _fix(finding.fix, view),
        "url": finding.url,
    }


def _fix(patch: Patch, view: View) -> dict[str, Any]:
    return {
        "safety": patch.safety.value,
        "message": patch.message,
        "edits": [{**_place(edit.span, view), "text": edit.text} for edit in patch.edits],
    }


def _unresolved(report: Report, view: View) -> dict[str, Any]:
    if report.unresolved is None:
        return {}
    return {
        "unresolved": [
            {
                **_place(unresolved.span, view),
                "lost": None if unresolved.lost is None else _place(unresolved.lost, view),
                "why": unresolved.why,
            }
            for unresolved in report.unresolved
        ]
    }


def _place(span: Span, view: View) -> dict[str, Any]:
    return {
        "path": view.path(span.path),
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
        "cell": span.cell,
    }


def _error(problem: Problem, view: View) -> dict[str, Any]:
    return {
        "path": view.path(problem.span.path),
        "line": problem.span.line,
        "column": problem.span.column,
        "cell": problem.span.cell,
        "message": problem.message,
    }
