"""What came of the trials, as a table and lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from benchmarks.mutants.program import Program
from benchmarks.mutants.trial import Outcome, Trial
from losslint.finding import Finding


def report(programs: int, loud: Sequence[Program], trials: Sequence[Trial]) -> Iterator[str]:
    """The report's lines.

    Args:
        programs: how many there are.
        loud: those in which something was found as they are, and which were left out.
        trials: one for each mutant.
    """
    yield f"{programs - len(loud)} programs with no finding, {len(trials)} mutants of them"
    yield ""
    yield f"{'operator':42}{'found':>7}{'missed':>8}{'harmless':>10}{'elsewhere':>11}"
    for operator in dict.fromkeys(trial.mutant.operator for trial in trials):
        yield _row(operator, [trial for trial in trials if trial.mutant.operator == operator])
    yield _row("all", trials)
    yield from _listed("Missed", [_place(t) for t in trials if t.outcome is Outcome.MISSED])
    yield from _listed(
        "New findings elsewhere",
        [f"{_place(t)}: {_finding(f)}" for t in trials for f in t.elsewhere],
    )
    yield from _listed("Left out, as something is found in them", [p.name for p in loud])


def _row(title: str, trials: Sequence[Trial]) -> str:
    counts = Counter(trial.outcome for trial in trials)
    elsewhere = sum(len(trial.elsewhere) for trial in trials)
    return (
        f"{title:42}{counts[Outcome.FOUND]:7}{counts[Outcome.MISSED]:8}"
        f"{counts[Outcome.HARMLESS]:10}{elsewhere:11}"
    )


def _place(trial: Trial) -> str:
    mutant = trial.mutant
    codes = "/".join(sorted(mutant.codes))
    return f"{mutant.program.name}: {mutant.place} (wanted {codes})"


def _finding(finding: Finding) -> str:
    return f"line {finding.span.line}: {finding.code} {finding.message}"


def _listed(title: str, items: Sequence[str]) -> Iterator[str]:
    if items:
        yield ""
        yield f"{title}:"
        yield from (f"  {item}" for item in items)
