"""The page that says how accurate losslint was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.accuracy.labels import Label
from benchmarks.accuracy.scoring import Score
from benchmarks.linting import Reported


@dataclass
class Part:
    """One set of labelled sources, and how they were scored."""

    title: str
    about: str
    sources: int = 0
    files: int = 0
    loss_calls: int = 0
    understood: int = 0
    unanswered: int = 0
    """Labels that no rule answers."""
    score: Score = field(default_factory=Score)


def page(version: str, names: Mapping[str, str], parts: Sequence[Part]) -> str:
    """The page as markdown.

    Args:
        version: of losslint.
        names: the rules' names by their codes.
        parts: what was measured.
    """
    return "\n".join(_lines(version, names, parts))


def _lines(version: str, names: Mapping[str, str], parts: Sequence[Part]) -> Iterator[str]:
    yield "# Accuracy"
    yield ""
    yield f"Written by `make accuracy` with losslint {version} and its default settings. The code"
    yield "is public and was not written for losslint; the labels are one careful reader's."
    yield "[How it is measured](../benchmarks/accuracy/README.md)."
    for part in parts:
        yield ""
        yield f"## {part.title}"
        yield ""
        yield from _part(part, names)


def _part(part: Part, names: Mapping[str, str]) -> Iterator[str]:
    score = part.score
    faults = len(score.found) + len(score.missed)
    traps = len(score.quiet) + len(score.flagged)
    yield part.about
    yield ""
    yield f"- {len(score.found)} of {_number(faults, 'fault')} found."
    yield f"- {len(score.flagged)} of {_number(traps, 'trap')} flagged."
    if score.right or score.wrong:
        yield (
            f"- In the files where everything is labelled, {score.right} findings are right and "
            f"{len(score.wrong)} wrong."
        )
    yield f"- {_number(len(score.loud), 'debatable site')} reported as an error."
    yield (
        f"- {part.understood} of {part.loss_calls} loss calls understood, "
        f"in {part.sources} sources with {part.files} Python files."
    )
    yield f"- {_number(part.unanswered, 'label')} left out, which no rule answers by default."
    yield ""
    yield from _table(score, names)
    yield from _listed("Missed", map(_place, score.missed))
    yield from _listed(
        "Flagged wrongly", (f"{_place(label)} ({alarm.code})" for label, alarm in score.flagged)
    )
    yield from _listed(
        "Wrong in completely labelled files",
        (f"{_short(source)} {_line(f)}: {f.code} {f.message}" for source, f in score.wrong),
    )


def _table(score: Score, names: Mapping[str, str]) -> Iterator[str]:
    columns = [
        _by_rule(score.found, names),
        _by_rule(score.missed, names),
        _by_rule(score.quiet, names),
        _by_rule((label for label, _ in score.flagged), names),
    ]
    yield "| rule | found | missed | traps quiet | traps flagged |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for code in sorted(set().union(*columns)):
        counts = " | ".join(str(column[code]) for column in columns)
        yield f"| {code} {names[code]} | {counts} |"


def _by_rule(labels: Iterable[Label], names: Mapping[str, str]) -> Counter[str]:
    """How many labels each rule is the first to answer."""
    return Counter(
        next(code for code in (*label.own_codes, *sorted(label.codes)) if code in names)
        for label in labels
    )


def _listed(title: str, items: Iterable[str]) -> Iterator[str]:
    lines = [f"- {item}" for item in items]
    if lines:
        yield ""
        yield f"{title}:"
        yield ""
        yield from lines


def _place(label: Label) -> str:
    path, line = label.at
    return f"{_short(label.source)} {path}:{line}: {label.kinds[0]}, {label.shape}"


def _line(finding: Reported) -> str:
    path, line = finding.at
    return f"{path}:{line}"


def _short(source: str) -> str:
    name, at, commit = source.partition("@")
    return f"{name}{at}{commit[:10]}"


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
