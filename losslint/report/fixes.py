"""What was fixed, what could be, and what fixing would change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from difflib import unified_diff
from pathlib import Path
from typing import TextIO

from losslint.finding import Finding, Report, Safety
from losslint.fixing import applicable
from losslint.report import View
from losslint.report.escape import printable
from losslint.report.summary import count
from losslint.source import Source, lines_with_ends

SAFE_ONLY: Collection[Safety] = (Safety.SAFE,)
ALL: Collection[Safety] = (Safety.SAFE, Safety.UNSAFE)
_NO_NEWLINE = "\\ No newline at end of file\n"


def mark(finding: Finding, view: View) -> str:
    """What stands behind the code of a finding that would be fixed."""
    return " [*]" if applicable(finding, view.safeties) else ""


def hint(report: Report, view: View) -> str:
    """How to have findings fixed; empty where nothing can be."""
    ready = sum(applicable(finding, view.safeties) for finding in report.findings)
    hidden = _hidden(report, view)
    if ready and hidden:
        more = f"{count(hidden, 'hidden fix', 'es')} can be enabled with `--unsafe-fixes`"
        return f"[*] {ready} fixable with the `--fix` option ({more})."
    if ready:
        return f"[*] {ready} fixable with the `--fix` option."
    if hidden:
        more = f"{count(hidden, 'hidden fix', 'es')} can be enabled with `--unsafe-fixes`"
        return f"No fixes available ({more})."
    return ""


def outcome(report: Report, view: View, *, written: bool) -> str:
    """How much was fixed, or would be."""
    fixed = len(report.fixed)
    hidden = _hidden(report, view)
    more = f" ({count(hidden, 'fix', 'es')} more with `--unsafe-fixes`)" if hidden else ""
    if fixed:
        done = "Fixed" if written else "Would fix"
        return f"{done} {count(fixed, 'finding')}{more}."
    return f"No findings {'fixed' if written else 'would be fixed'}{more}."


def _hidden(report: Report, view: View) -> int:
    """The fixes that are kept back."""
    return sum(
        finding.fix is not None and not applicable(finding, view.safeties)
        for finding in report.findings
    )


def write_fixed(fixed: Sequence[Finding], view: View, out: TextIO) -> None:
    """Writes how often which rule was fixed in each file."""
    out.write(f"Fixed {count(len(fixed), 'finding')}{':' if fixed else '.'}\n")
    by_path: dict[Path, Counter[tuple[str, str]]] = {}
    for finding in fixed:
        by_path.setdefault(finding.span.path, Counter())[finding.code, finding.name] += 1
    for path, counts in sorted(by_path.items()):
        out.write(f"- {printable(view.path(path))}:\n")
        out.writelines(
            f"    {number} x {printable(code)} ({printable(name)})\n"
            for (code, name), number in sorted(counts.items())
        )


def write_diff(before: Sequence[Source], after: Sequence[Source], view: View, out: TextIO) -> None:
    """Writes what is different as a unified diff that ``patch`` understands."""
    old = {source.path: source for source in before}
    for source in after:
        if source.content == old[source.path].content:
            continue
        name = view.path(source.path)
        diff = unified_diff(_lines(old[source.path]), _lines(source), name, name)
        out.writelines(
            line if line.endswith(("\n", "\r")) else f"{line}\n{_NO_NEWLINE}" for line in diff
        )


def _lines(source: Source) -> list[str]:
    return [line for line in lines_with_ends(source.decode()) if line]
