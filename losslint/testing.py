"""Tests of rules, written on the code that they are about.

A fixture is a Python file, or a folder of files that belong together. What should be found stands
at the end of the line on which the finding starts::

    loss = criterion(probabilities, y)  # expect: LOS104
    loss = criterion(helper(x), y)  # expect-miss: LOS104

The second is a known miss: a fault that nothing finds yet. Every other finding is wrong.

A test of a rule of your own takes a line::

    @pytest.mark.parametrize("case", cases(Path("fixtures")), ids=str)
    def test_fixture(case):
        assert mismatches(case) == []
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from losslint.engine import Job, lint
from losslint.finding import Finding
from losslint.rule import Rule, installed_rules
from losslint.selection import FileIgnores, choose
from losslint.source import Source, lines_of

_CODES = r"[A-Z]+[0-9]+(?:\s*,\s*[A-Z]+[0-9]+)*"
_EXPECTATION = re.compile(rf"#\s*expect(?P<miss>-miss)?:\s*(?P<codes>{_CODES})")


PROJECT = "_project"


@dataclass(frozen=True, slots=True)
class Case:
    """A fixture: files that are linted as one run."""

    path: Path

    def __str__(self) -> str:
        return f"{self.path.parent.name}/{self.path.stem}"

    @property
    def folder(self) -> Path:
        """The folder that its imports start from."""
        return self.path if self.path.is_dir() else self.path.parent

    @property
    def files(self) -> list[Path]:
        """Its Python files."""
        return sorted(self.path.rglob("*.py")) if self.path.is_dir() else [self.path]


@dataclass(frozen=True, slots=True, order=True)
class Expectation:
    """A rule that should find something on a line, or is known not to."""

    path: Path
    line: int
    code: str
    is_miss: bool = False

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.code}"


def cases(fixtures: Path) -> list[Case]:
    """The fixtures in a folder.

    A folder in it holds one case for each of its entries; one whose name ends in ``_project`` is a
    case itself.
    """
    found: list[Case] = []
    for folder in sorted(path for path in fixtures.iterdir() if path.is_dir()):
        is_project = folder.name.endswith(PROJECT)
        entries = [folder] if is_project else sorted(folder.iterdir())
        found.extend(Case(entry) for entry in entries if _is_case(entry))
    return found


def _is_case(path: Path) -> bool:
    return path.suffix == ".py" or (path.is_dir() and path.name != "__pycache__")


def expectations(case: Case) -> list[Expectation]:
    """What the comments of a fixture expect."""
    return [
        Expectation(file, number, code.strip(), bool(comment["miss"]))
        for file in case.files
        for number, line in enumerate(lines_of(Source.read(file).decode()), 1)
        for comment in _EXPECTATION.finditer(line)
        for code in comment["codes"].split(",")
    ]


def findings(case: Case, rules: Sequence[type[Rule]] | None = None) -> tuple[Finding, ...]:
    """What the rules find in a fixture: all default ones, and the one that its folder is named for.

    That one may be off by default.
    """
    known = list(installed_rules() if rules is None else rules)
    own = {rule.code for rule in known if rule.name == case.path.parent.name}
    job = Job(
        top=case.folder.resolve(),
        rules=known,
        enabled=choose(known, []) | own,
        file_ignores=FileIgnores(case.folder),
    )
    return lint([Source.read(file.resolve()) for file in case.files], job).findings


def mismatches(case: Case, rules: Sequence[type[Rule]] | None = None) -> list[str]:
    """What is found and not expected, expected and not found, or found at last."""
    return sorted(_mismatches(expectations(case), findings(case, rules), case))


def _mismatches(
    wanted: Sequence[Expectation], found: Sequence[Finding], case: Case
) -> Iterator[str]:
    names = {file.resolve(): file for file in case.files}
    by_place = {
        (names[finding.span.path], finding.span.line, finding.code): finding for finding in found
    }
    for expectation in wanted:
        is_found = (
            by_place.pop((expectation.path, expectation.line, expectation.code), None) is not None
        )
        if is_found and expectation.is_miss:
            yield f"{expectation} is found now: write expect in place of expect-miss"
        elif not is_found and not expectation.is_miss:
            yield f"{expectation} is expected and not found"
    for (path, line, code), finding in by_place.items():
        yield f"{path}:{line}: {code} is found and not expected: {finding.message}"
