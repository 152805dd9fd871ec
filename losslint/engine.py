"""From sources to findings: analyse, ask the rules, place, suppress, select, sort."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from losslint.cells import Cells
from losslint.finding import (
    NOT_ANALYSED,
    SYNTAX_ERROR,
    Confidence,
    Coverage,
    Finding,
    Problem,
    Report,
    Severity,
    Span,
    Unresolved,
)
from losslint.fixing import is_editable
from losslint.paths import is_folder
from losslint.rule import Rule
from losslint.selection import FileIgnores
from losslint.source import Source
from losslint.suppressions import Suppressions
from losslint.syntax_errors import in_words_of_python

if TYPE_CHECKING:
    from losslint.analysis.domain.syntax import SourceModule
    from losslint.analysis.domain.trail import Place
    from losslint.analysis.reading.failures import Failure
    from losslint.analysis.reading.surroundings import Unseen
    from losslint.analysis.session import Analysis
    from losslint.dependents import Context
    from losslint.diagnosis import Broken, Said
    from losslint.placing import Placer
    from losslint.rule import Diagnosis

_PROBLEM_HELP = {
    SYNTAX_ERROR: "fix the syntax; the other files were checked",
    NOT_ANALYSED: "what comes from here counts as unknown; the rest was checked",
}

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Job:
    """What to look for, and how."""

    top: Path
    """The folder that imports are resolved up to."""
    rules: Sequence[type[Rule]]
    """All rules there are."""
    enabled: frozenset[str]
    """The codes that are on."""
    file_ignores: FileIgnores
    severities: Mapping[str, Severity] = field(default_factory=dict)
    min_confidence: Confidence = Confidence.MEDIUM
    src_roots: Sequence[Path] = ()
    returns: Mapping[str, str] = field(default_factory=dict)
    """What callables are stated to return, by their qualified names."""
    show_unresolved: bool = False
    """Whether the report lists the loss calls that were not understood."""

    def rule(self, code: str) -> type[Rule] | None:
        """The rule with this code, if it is on."""
        return next((r for r in self.rules if r.code == code and code in self.enabled), None)


def lint(
    sources: Sequence[Source],
    job: Job,
    *,
    context: Context | None = None,
    problems: Sequence[Problem] = (),
    progress: Progress | None = None,
    unseen: Unseen | None = None,
) -> Report:
    """Everything that the job's rules have to say about the sources.

    Args:
        sources: the files to lint, with resolved paths.
        job: what to look for.
        context: the rest of the project, in which what shows that has to do with the sources is
            reported as well.
        problems: files that could not even be read.
        progress: called with the number of files done and of all files.
        unseen: tells whether a file of the project that is not among these may import some of
            them; None if all are. No fix may break it.
    """
    # Late, because it imports libcst, and `losslint --help` should not wait for that.
    from losslint.analysis.session import analyse
    from losslint.diagnosis import diagnose
    from losslint.placing import Placer

    everything = [*sources, *(context.sources if context else ())]
    analysis = analyse(
        everything,
        src_roots=job.src_roots,
        top=job.top,
        returns=job.returns,
        progress=progress,
        unseen=unseen,
    )
    rules = [rule() for rule in job.rules if rule.code in job.enabled]
    by_path = {source.path: source for source in sources}
    broken: list[Broken] = []
    said = [
        (rule, diagnosis)
        for rule, diagnosis in diagnose(analysis.events, rules, broken.append)
        if _concerns(diagnosis, by_path, context)
    ]
    broken = [failure for failure in broken if failure.at.file.path in by_path]
    unresolved = [lost for lost in analysis.unresolved if lost.call.file.path in by_path]
    if not job.show_unresolved:
        unresolved = []
    placer = Placer(
        said,
        [
            *(failure.at for failure in broken),
            *(at for lost in unresolved for at in (lost.call, lost.lost) if at is not None),
        ],
    )
    found = [finding for rule, diagnosis in said for finding in placer.finding(rule, diagnosis)]
    unread = problems
    problems = [
        *unread,
        *(_problem(f, by_path[f.path]) for f in analysis.failures if f.path in by_path),
        *_broken_cells(source for source in sources if source.path in analysis.modules),
        *(problem for problem in placer.problems if problem.span.path in by_path),
        *(placer.problem(failure) for failure in broken),
    ]
    found.extend(_reported(problems, job))
    found = _judged(found, job, _suppressions(sources, analysis, found, job), by_path)
    found = list(_within(found, by_path, analysis.modules))
    listed = sorted(map(placer.unresolved, unresolved), key=lambda lost: lost.span)
    report = Report(
        findings=tuple(sorted(found, key=_order)),
        problems=tuple(sorted(problems, key=lambda problem: problem.span)),
        coverage=_coverage(analysis, by_path, _reported_at(said, placer, found)),
        files=len(sources) + len(unread),
        texts=_texts([*_spans(found), *_lost_spans(listed)], placer.modules, sources),
        unresolved=tuple(listed) if job.show_unresolved else None,
    )
    return Cells(everything).place(report)


def _concerns(diagnosis: Diagnosis, linted: Collection[Path], context: Context | None) -> bool:
    """Whether a diagnosis stands in a linted file, or comes from one into the files around it."""
    if diagnosis.at.file.path in linted:
        return True
    if context is None or diagnosis.at.file.path not in context.files:
        return False
    return any(step.place.file.path in linted for step in diagnosis.trail)


def _coverage(
    analysis: Analysis, linted: Collection[Path], reported: Collection[Place]
) -> Coverage:
    """The loss calls in the linted files, and those elsewhere that were reported."""
    met = [
        known
        for place, known in analysis.loss_calls.items()
        if place.file.path in linted or place in reported
    ]
    return Coverage(len(met), sum(met))


def _reported_at(said: Iterable[Said], placer: Placer, found: Iterable[Finding]) -> set[Place]:
    spans = {finding.span for finding in found}
    return {diagnosis.at for _, diagnosis in said if placer.span(diagnosis.at) in spans}


def _judged(
    found: list[Finding], job: Job, suppressions: Suppressions, linted: Collection[Path]
) -> list[Finding]:
    """What is left after suppressions, the settings and duplicates."""
    kept = [finding for finding in found if not suppressions.silence(finding)]
    kept.extend(
        finding
        for finding in suppressions.complaints(job.enabled, job.file_ignores)
        if finding.span.path in linted and not suppressions.silence(finding)
    )
    return _without_duplicates(
        replace(finding, severity=job.severities.get(finding.code, finding.severity))
        for finding in kept
        if finding.confidence >= job.min_confidence
        and finding.code not in job.file_ignores.codes(finding.span.path)
    )


def _within(
    found: Iterable[Finding], linted: Mapping[Path, Source], modules: Mapping[Path, SourceModule]
) -> Iterator[Finding]:
    """The findings, with those fixes only that change linted files, and can."""

    def can_change(path: Path) -> bool:
        is_text_of_tree = path not in modules or not modules[path].longer
        return path in linted and is_editable(linted[path]) and is_text_of_tree

    for finding in found:
        paths = {edit.span.path for edit in finding.fix.edits} if finding.fix else set()
        if all(map(can_change, paths)):
            yield finding
        else:
            yield replace(finding, fix=None)


def _without_duplicates(found: Iterable[Finding]) -> list[Finding]:
    """One finding for each code and place: the one that is surest, then gravest.

    The same words at the same place are one finding, too, however far the code reaches that
    they are about: a long sum is many sums.
    """
    spans: dict[tuple[str, Path, int, int, str], Span] = {}
    best: dict[tuple[str, Span], Finding] = {}
    for finding in found:
        span = finding.span
        said = (finding.code, span.path, span.line, span.column, finding.message)
        key = (finding.code, spans.setdefault(said, span))
        other = best.get(key)
        if other is None or _is_better(finding, other):
            best[key] = finding
    return list(best.values())


def _is_better(finding: Finding, other: Finding) -> bool:
    """Whether a finding is surer or graver than another one at its place, or begins before it.

    Several values that come together in no order can be at fault for the same reason.
    """
    if _weight(finding) != _weight(other) or finding.message != other.message:
        return _weight(finding) > _weight(other)
    return _begins(finding) < _begins(other)


def _begins(finding: Finding) -> list[Span]:
    return [step.span for step in finding.related]


def _weight(finding: Finding) -> tuple[Confidence, Severity]:
    return finding.confidence, finding.severity


def _order(finding: Finding) -> tuple[Span, str]:
    return finding.span, finding.code


def _problem(failure: Failure, source: Source) -> Problem:
    code = SYNTAX_ERROR if failure.kind == "syntax" else NOT_ANALYSED
    span = Span(failure.path, failure.line, failure.column, failure.line, failure.column)
    problem = Problem(code, span, failure.message)
    if code == SYNTAX_ERROR:
        return in_words_of_python(problem, source)
    return problem


def _broken_cells(sources: Iterable[Source]) -> Iterator[Problem]:
    for source in sources:
        if source.notebook is not None:
            yield from source.notebook.problems


def unreadable(path: Path, reason: OSError) -> Problem:
    """The problem that a file or folder cannot be read."""
    what = "folder" if is_folder(path) else "file"
    return Problem(
        NOT_ANALYSED,
        Span(path, 1, 1, 1, 1),
        f"the {what} cannot be read: {reason.strerror}",
        f"mend its permissions, or exclude it; the other {what}s were checked",
    )


def _reported(problems: Iterable[Problem], job: Job) -> Iterator[Finding]:
    for problem in problems:
        rule = job.rule(problem.code)
        if rule is not None:
            yield Finding(
                code=rule.code,
                name=rule.name,
                severity=rule.severity,
                confidence=Confidence.HIGH,
                span=problem.span,
                message=problem.message,
                help=problem.help or _PROBLEM_HELP[problem.code],
                url=rule.url,
            )


def _suppressions(
    sources: Sequence[Source], analysis: Analysis, found: Collection[Finding], job: Job
) -> Suppressions:
    suppressions = Suppressions(job.rules)
    with_findings = {finding.span.path for finding in found}
    linted = {source.path for source in sources}
    elsewhere = [
        Source(path, analysis.modules[path].text.encode("utf-8", "replace"))
        for path in with_findings - linted
        if path in analysis.modules
    ]
    for source in (*sources, *elsewhere):
        suppressions.read(
            source, analysis.modules.get(source.path), has_findings=source.path in with_findings
        )
    return suppressions


def _texts(
    spans: Iterable[Span],
    modules: Mapping[Path, SourceModule],
    sources: Sequence[Source],
) -> dict[tuple[Path, int | None], str]:
    pointed = {span.path for span in spans}
    texts = {path: module.text for path, module in modules.items() if path in pointed}
    for source in sources:
        if source.path in pointed and source.path not in texts:
            texts[source.path] = source.content.decode("utf-8", errors="replace")
    return {(path, None): text for path, text in texts.items()}


def _spans(found: Iterable[Finding]) -> Iterator[Span]:
    for finding in found:
        yield finding.span
        for step in finding.related:
            yield step.span


def _lost_spans(listed: Iterable[Unresolved]) -> Iterator[Span]:
    for unresolved in listed:
        yield unresolved.span
        if unresolved.lost is not None:
            yield unresolved.lost
