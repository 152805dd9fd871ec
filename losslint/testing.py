"""Tests of rules, written on the code that they are about.

A fixture is a Python file, a notebook, or a folder of files that belong together. What should be
found stands at the end of the line on which the finding starts::

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
from losslint.source import ENDINGS, Source, lines_of

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
        """Its Python files and notebooks."""
        if not self.path.is_dir():
            return [self.path]
        return sorted(path for path in self.path.rglob("*") if path.suffix in ENDINGS)


@dataclass(frozen=True, slots=True, order=True)
class Expectation:
    """A rule that should find something on a line, or is known not to."""

    path: Path
    line: int
    code: str
    is_miss: bool = False
    cell: int | None = None
    """The index of the cell of a notebook that the line is counted in."""

    def __str__(self) -> str:
        return f"{_place(self.path, self.cell, self.line)}: {self.code}"


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
    return path.suffix in ENDINGS or (path.is_dir() and path.name != "__pycache__")


def expectations(case: Case) -> list[Expectation]:
    """What the comments of a fixture expect."""
    return [
        Expectation(file, number, code.strip(), bool(comment["miss"]), cell)
        for file in case.files
        for cell, text in _texts(Source.read(file))
        for number, line in enumerate(lines_of(text), 1)
        for comment in _EXPECTATION.finditer(line)
        for code in comment["codes"].split(",")
    ]


def _texts(source: Source) -> list[tuple[int | None, str]]:
    if source.notebook is None:
        return [(None, source.decode())]
    return [(cell.index, cell.text) for cell in source.notebook.cells]


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
        (names[span.path], span.cell, span.line, finding.code): finding
        for finding in found
        for span in [finding.span]
    }
    for expectation in wanted:
        place = (expectation.path, expectation.cell, expectation.line, expectation.code)
        is_found = by_place.pop(place, None) is not None
        if is_found and expectation.is_miss:
            yield f"{expectation} is found now: write expect in place of expect-miss"
        elif not is_found and not expectation.is_miss:
            yield f"{expectation} is expected and not found"
    for (path, cell, line, code), finding in by_place.items():
        said = f"{code} is found and not expected: {finding.message}"
        yield f"{_place(path, cell, line)}: {said}"


def _place(path: Path, cell: int | None, line: int) -> str:
    return f"{path}:{line}" if cell is None else f"{path}:cell {cell + 1}:{line}"
