"""Compares what was reported with what was labelled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.accuracy.labels import Label, Verdict
from benchmarks.linting import At, Reported

FAULT_LINES = 3
"""A fault counts as found this far from its label: a call spans lines, and a loss may be reported
where it is computed or where it is called."""
TRAP_LINES = 1
"""A trap counts as flagged this far from its label only, since other code stands around it."""

_ABOUT_THE_RUN = "LOS0"


@dataclass
class Score:
    """What became of the labels, and of the findings in completely labelled files."""

    found: list[Label] = field(default_factory=list)
    missed: list[Label] = field(default_factory=list)
    quiet: list[Label] = field(default_factory=list)
    """Traps that nothing was reported at."""
    flagged: list[tuple[Label, Reported]] = field(default_factory=list)
    """Traps, and what was wrongly reported there."""
    loud: list[tuple[Label, Reported]] = field(default_factory=list)
    """Debatable sites that are reported as errors."""
    right: int = 0
    """Findings in completely labelled files that meet a label."""
    wrong: list[tuple[str, Reported]] = field(default_factory=list)
    """Findings in completely labelled files that meet none, with their sources."""

    def add(self, other: Score) -> None:
        """Takes another score into this one."""
        self.found += other.found
        self.missed += other.missed
        self.quiet += other.quiet
        self.flagged += other.flagged
        self.loud += other.loud
        self.right += other.right
        self.wrong += other.wrong


def score(
    source: str, labels: Sequence[Label], findings: Sequence[Reported], rules: frozenset[str]
) -> Score:
    """How the findings in one source compare with its labels.

    Args:
        source: the package or repository.
        labels: all labels of the source.
        findings: all that was reported in it.
        rules: the codes that are on; labels that none of them answers are left out.
    """
    result = Score()
    bugs = [label for label in labels if label.verdict is Verdict.BUG]
    # What meets a fault is no false alarm, also where a trap stands on the next line.
    astray = [f for f in findings if not any(_meets(f, bug) for bug in bugs)]
    for label in labels:
        if not label.is_answered_by(rules):
            continue
        if label.verdict is Verdict.TRAP:
            alarm = next((f for f in astray if _violates(f, label)), None)
            if alarm is None:
                result.quiet.append(label)
            else:
                result.flagged.append((label, alarm))
            continue
        met = next((f for f in findings if _meets(f, label)), None)
        if label.verdict is Verdict.BUG:
            (result.missed if met is None else result.found).append(label)
        elif met is not None and met.severity == "error":
            result.loud.append((label, met))
    complete = {label.at[0] for label in labels if label.complete}
    judged = [label for label in labels if label.verdict is not Verdict.TRAP]
    for finding in findings:
        if finding.at[0] in complete and not finding.code.startswith(_ABOUT_THE_RUN):
            if any(_meets(finding, label) for label in judged):
                result.right += 1
            else:
                result.wrong.append((source, finding))
    return result


def _meets(finding: Reported, label: Label) -> bool:
    return finding.code in label.codes and any(
        _near(reported, place, FAULT_LINES) for reported in finding.places for place in label.places
    )


def _violates(finding: Reported, trap: Label) -> bool:
    return finding.code in trap.own_codes and _near(finding.at, trap.at, TRAP_LINES)


def _near(one: At, other: At, lines: int) -> bool:
    return one[0] == other[0] and abs(one[1] - other[1]) <= lines
