"""Findings that comments silence, and comments that silence nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from losslint.analysis.reading.stated import KINDS
from losslint.errors import did_you_mean
from losslint.finding import Confidence, Finding
from losslint.rule import Rule, find_rule
from losslint.selection import EVERYTHING, FileIgnores

if TYPE_CHECKING:
    from pathlib import Path

    from losslint.analysis.domain.syntax import SourceModule
    from losslint.comments import Annotations, Comment
    from losslint.source import Source

UNUSED = "LOS002"
INVALID = "LOS003"
_FOREIGN_CODE = re.compile(r"(?!LOS)[A-Z]+[0-9]+")
_OWN_NOQA = re.compile(rb"noqa[^\r\n]*LOS[0-9]", re.IGNORECASE)
_SILENCING = ("ignore", "ignore-file")
_REMOVE = "remove the comment, or name a rule that is found here"


@dataclass(slots=True)
class _Suppression:
    comment: Comment
    codes: dict[str, bool]
    """Each code that it names, and whether it silenced something; ALL is a code here."""

    def take(self, code: str) -> bool:
        """Whether this silences findings of ``code``; if so that counts as a use."""
        # Only by name: ALL would silence the complaint about itself.
        names = (code,) if code in (UNUSED, INVALID) else (code, EVERYTHING)
        hits = [named for named in names if named in self.codes]
        self.codes.update(dict.fromkeys(hits, True))
        return bool(hits)


@dataclass(slots=True)
class Suppressions:
    """The suppression comments of all linted files."""

    rules: Sequence[type[Rule]]
    _annotations: dict[Path, Annotations] = field(default_factory=dict)
    _suppressions: dict[Path, list[_Suppression]] = field(default_factory=dict)

    def read(self, source: Source, module: SourceModule | None, *, has_findings: bool) -> None:
        """Takes in the comments of a file, if its bytes hold a word that makes it worth looking."""
        if not _worth_reading(source.content, has_findings=has_findings):
            return
        module = module or _parsed(source)
        if module is None:
            return
        from losslint.comments import read_annotations

        found = read_annotations(module)
        self._annotations[source.path] = found
        self._suppressions[source.path] = [
            _Suppression(comment, self._codes(comment)) for comment in found.comments
        ]

    def silence(self, finding: Finding) -> bool:
        """Whether a comment silences the finding."""
        known = self._annotations.get(finding.span.path)
        if known is None:
            return False
        lines = known.lines(finding.span)
        # Every comment that fits is asked, since each of them is of use.
        taken = [
            suppression.take(finding.code)
            for suppression in self._suppressions[finding.span.path]
            if _covers(suppression.comment, finding.span.line, lines)
        ]
        return any(taken)

    def complaints(self, enabled: frozenset[str], ignores: FileIgnores) -> Iterator[Finding]:
        """The comments that are wrong (LOS003), and those that are of no use (LOS002).

        Nothing is said about rules that did not run, nor about other tools' codes.
        """
        for path, suppressions in self._suppressions.items():
            ran = enabled - ignores.codes(path) | {EVERYTHING}
            for suppression in suppressions:
                yield from self._invalid(suppression.comment, enabled)
                yield from self._unused(suppression, enabled, ran)

    def _codes(self, comment: Comment) -> dict[str, bool]:
        from losslint.comments import Verb

        if comment.verb is Verb.UNKNOWN:
            return {}
        if comment.words is None:
            return {EVERYTHING: False} if comment.verb is Verb.NOQA else {}
        codes: dict[str, bool] = {}
        for word in comment.words:
            rule = find_rule(self.rules, word)
            if rule is not None:
                codes[rule.code] = False
            elif word.upper() == EVERYTHING:
                codes[EVERYTHING] = False
        return codes

    def _invalid(self, comment: Comment, enabled: frozenset[str]) -> Iterator[Finding]:
        from losslint.comments import Verb

        if comment.verb is Verb.UNKNOWN:
            near = did_you_mean(comment.asked, (*_SILENCING, *KINDS))
            message = f"`{comment.text}` neither silences a rule nor states what a value is{near}"
            help_ = f"write `# losslint: ignore[LOS104] reason`, or one of {', '.join(KINDS)}"
            yield from self._complaint(INVALID, enabled, comment, message, help_)
        elif comment.verb is Verb.MISPLACED:
            message = f"`{comment.text}` states nothing: there is no value on this line"
            help_ = "put it at the end of an assignment or of a return"
            yield from self._complaint(INVALID, enabled, comment, message, help_)
        elif comment.verb is not Verb.NOQA and not comment.words:
            message = f"`{comment.text}` names no rule, so it silences nothing"
            help_ = f"name the rules, as in `# losslint: {comment.verb.value}[LOS104]`, or ALL"
            yield from self._complaint(INVALID, enabled, comment, message, help_)
        for word in comment.words or ():
            if find_rule(self.rules, word) or word.upper() == EVERYTHING:
                continue
            is_ours = word.upper().startswith("LOS")
            # A code of another tool or of rules that are not installed here.
            if not is_ours and (comment.verb is Verb.NOQA or _FOREIGN_CODE.fullmatch(word)):
                continue
            known = [name for rule in self.rules for name in (rule.code, rule.name)]
            message = f"`{comment.text}` names an unknown rule: {word}{did_you_mean(word, known)}"
            help_ = "correct the rule's code or name, or remove it"
            yield from self._complaint(INVALID, enabled, comment, message, help_)

    def _unused(
        self, suppression: _Suppression, enabled: frozenset[str], ran: frozenset[str]
    ) -> Iterator[Finding]:
        comment = suppression.comment
        if comment.words is None:  # a bare noqa speaks to all tools
            return
        for code, used in suppression.codes.items():
            if not used and code in ran and code != UNUSED:
                what = "no finding" if code == EVERYTHING else f"no {code}"
                message = f"`{comment.text}` is of no use: there is {what} here"
                yield from self._complaint(UNUSED, enabled, comment, message, _REMOVE)

    def _complaint(
        self, code: str, enabled: frozenset[str], comment: Comment, message: str, help_: str
    ) -> Iterator[Finding]:
        rule = find_rule(self.rules, code)
        if rule is not None and code in enabled:
            yield Finding(
                code=rule.code,
                name=rule.name,
                severity=rule.severity,
                confidence=Confidence.HIGH,
                span=comment.span,
                message=message,
                help=help_,
                url=rule.url,
            )


def _covers(comment: Comment, line: int, lines: set[int]) -> bool:
    from losslint.comments import Verb

    if comment.verb is Verb.IGNORE_FILE:
        return True
    return comment.span.line in lines or comment.first_line <= line <= comment.last_line


def _worth_reading(content: bytes, *, has_findings: bool) -> bool:
    if b"losslint" in content:
        return True
    if b"noqa" not in content.lower():
        return False
    return has_findings or _OWN_NOQA.search(content) is not None


def _parsed(source: Source) -> SourceModule | None:
    """The tree of a file that the analysis had no reason to look into."""
    from losslint.analysis.reading.parsing import NotParsed, parse
    from losslint.deep_stack import on_a_deep_stack

    try:
        return on_a_deep_stack(lambda: parse(source))
    except NotParsed:
        return None
