"""Applies fixes to the text of files, over and over until none is left."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from losslint.finding import SYNTAX_ERROR, Edit, Finding, Patch, Report, Safety, Span
from losslint.source import DecodeError, Source, lines_with_ends

if TYPE_CHECKING:
    from pathlib import Path

MAX_ROUNDS = 50
"""Fixes that undo each other would go on for ever."""

_BROKEN = (
    "a fix of {codes} leaves code that is no Python; nothing of it was kept, and fixing stopped. "
    "This is a bug in the rule: please report it"
)
_USELESS = "a fix of {codes} did not help, and was not kept. Please report it as a bug in the rule"
_ENDLESS = "fixing stopped after {rounds} rounds, in which {codes} kept coming back"


@dataclass(frozen=True, slots=True)
class Fixed:
    """What is left when nothing more can be fixed."""

    report: Report
    """With the findings that remain, and those that were fixed."""
    sources: Sequence[Source]
    """All linted files, as they are now."""
    complaint: str = ""
    """Why it ended early, if it did."""


def fix_all(
    sources: Sequence[Source],
    report: Report,
    lint: Callable[[Sequence[Source]], Report],
    safeties: Collection[Safety],
) -> Fixed:
    """Applies all fixes of some safeties, in memory.

    Args:
        sources: the linted files.
        report: what was found in them.
        lint: lints files again.
        safeties: the safeties of the fixes that may be applied.
    """
    fixed: list[Finding] = []
    useless: list[Finding] = []
    at_once = len(report.findings)
    complaint = ""
    for _ in range(MAX_ROUNDS):
        waiting = _without(report.findings, useless)
        applied, edits = chosen(waiting, safeties, at_once)
        if not applied:
            break
        changed = _edited(sources, edits)
        again = lint(changed)
        if _broken(again, edits):
            complaint = _BROKEN.format(codes=_codes(applied))
            break
        if _is_better(report, again, applied):
            fixed.extend(applied)
            sources, report = changed, again
            at_once *= 2
        elif len(applied) == 1:
            useless += applied
            complaint = _USELESS.format(codes=_codes(useless))
        else:
            at_once = len(applied) // 2
    else:
        left, _ = chosen(_without(report.findings, useless), safeties)
        if left:
            complaint = _ENDLESS.format(rounds=MAX_ROUNDS, codes=_codes(left))
    return Fixed(replace(report, fixed=tuple(fixed)), sources, complaint)


def _is_better(before: Report, after: Report, applied: Sequence[Finding]) -> bool:
    """Whether what was fixed is gone, and no more has come than went."""
    old, new, mended = _counts(before.findings), _counts(after.findings), _counts(applied)
    gone = all(new[key] <= old[key] - number for key, number in mended.items())
    return gone and len(after.findings) <= len(before.findings)


def _counts(findings: Iterable[Finding]) -> Counter[tuple[str, Path]]:
    return Counter((finding.code, finding.span.path) for finding in findings)


def _without(findings: Iterable[Finding], useless: Collection[Finding]) -> list[Finding]:
    """The findings, but for those whose fix was tried and did not help."""
    tried = {_key(finding) for finding in useless}
    return [finding for finding in findings if _key(finding) not in tried]


def _key(finding: Finding) -> tuple[object, ...]:
    """A finding and its fix, wherever in the file they have moved to."""
    texts = () if finding.fix is None else tuple(edit.text for edit in finding.fix.edits)
    return finding.code, finding.span.path, finding.message, texts


def applicable(finding: Finding, safeties: Collection[Safety]) -> bool:
    """Whether a finding has a fix of one of these safeties."""
    return finding.fix is not None and finding.fix.safety in safeties


@dataclass(slots=True)
class _Edits:
    """Edits of one file that do not touch each other, in order."""

    kept: list[Edit] = field(default_factory=list)

    def fits(self, edit: Edit) -> bool:
        if edit in self.kept:
            return True
        at = bisect_left(self.kept, edit)
        return not any(_overlap(edit, other) for other in self.kept[max(0, at - 1) : at + 1])

    def add(self, edit: Edit) -> None:
        if edit not in self.kept:
            insort(self.kept, edit)


def _overlap(one: Edit, other: Edit) -> bool:
    first, second = sorted((one, other))
    start, end = _start(second.span), _end(first.span)
    if _is_insertion(first) and _is_insertion(second):
        return start == end
    return start < end


def chosen(
    findings: Iterable[Finding], safeties: Collection[Safety], at_most: int | None = None
) -> tuple[list[Finding], dict[Path, Sequence[Edit]]]:
    """The findings whose fixes can be applied at once, and all their edits by file.

    Of two fixes that touch each other the first is chosen; what both of them do is done once.
    """
    by_path: defaultdict[Path, _Edits] = defaultdict(_Edits)
    applied: list[Finding] = []
    for finding in findings:
        patch = finding.fix
        if at_most is not None and len(applied) >= at_most:
            break
        if patch is None or patch.safety not in safeties:
            continue
        if _is_sound(patch) and all(by_path[edit.span.path].fits(edit) for edit in patch.edits):
            for edit in patch.edits:
                by_path[edit.span.path].add(edit)
            applied.append(finding)
    return applied, {path: edits.kept for path, edits in by_path.items() if edits.kept}


def _is_sound(patch: Patch) -> bool:
    """Whether no two edits of a patch touch each other."""
    edits = sorted(set(patch.edits))
    return not any(
        one.span.path == other.span.path and _overlap(one, other) for one, other in pairwise(edits)
    )


def _edited(sources: Sequence[Source], edits: dict[Path, Sequence[Edit]]) -> list[Source]:
    return [
        source.with_text(edited(source.decode(), edits[source.path]))
        if source.path in edits
        else source
        for source in sources
    ]


def edited(text: str, edits: Iterable[Edit]) -> str:
    """The text after edits that do not touch each other."""
    lines = lines_with_ends(text)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    pieces: list[str] = []
    done = 0
    for edit in sorted(edits):
        start = starts[edit.span.line - 1] + edit.span.column - 1
        pieces += (text[done:start], edit.text)
        done = starts[edit.span.end_line - 1] + edit.span.end_column - 1
    return "".join((*pieces, text[done:]))


def is_editable(source: Source) -> bool:
    """Whether a file can be written again without changing what nobody asked to change."""
    if source.notebook is not None:
        return False
    try:
        return source.with_text(source.decode()).content == source.content
    except (DecodeError, UnicodeEncodeError):
        return False


def _broken(report: Report, edits: Collection[Path]) -> bool:
    return any(
        problem.code == SYNTAX_ERROR and problem.span.path in edits for problem in report.problems
    )


def _codes(findings: Iterable[Finding]) -> str:
    return ", ".join(sorted({finding.code for finding in findings}))


def _is_insertion(edit: Edit) -> bool:
    return _start(edit.span) == _end(edit.span)


def _start(span: Span) -> tuple[int, int]:
    return span.line, span.column


def _end(span: Span) -> tuple[int, int]:
    return span.end_line, span.end_column
