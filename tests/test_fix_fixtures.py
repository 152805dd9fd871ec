"""All fixes over all fixtures: what is fixed stays fixed, and nothing else comes of it."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from losslint.engine import Job, lint
from losslint.finding import Finding, Safety
from losslint.fixing import fix_all
from losslint.rule import installed_rules
from losslint.selection import FileIgnores, choose
from losslint.source import Source
from losslint.testing import Case, cases, expectations

FIXTURES = Path(__file__).parent.parent / "fixtures"


def counted(findings: Sequence[Finding]) -> Counter[tuple[str, Path]]:
    return Counter((finding.code, finding.span.path) for finding in findings)


@pytest.mark.parametrize("case", [case for case in cases(FIXTURES) if expectations(case)], ids=str)
def test_all_fixes(case: Case) -> None:
    rules = installed_rules()
    job = Job(
        top=case.folder.resolve(),
        rules=rules,
        enabled=choose(rules, []),
        file_ignores=FileIgnores(case.folder),
    )
    sources = [Source.read(file.resolve()) for file in case.files]
    before = lint(sources, job)
    fixed = fix_all(sources, before, lambda changed: lint(changed, job), tuple(Safety))
    assert fixed.complaint == ""
    left = counted(fixed.report.findings)
    assert left + counted(fixed.report.fixed) == counted(before.findings)
    assert not any(finding.fix for finding in fixed.report.findings)
    for source in fixed.sources:
        compile(source.decode(), str(source.path), "exec")
    if fixed.report.fixed:
        again = lint(fixed.sources, job)
        assert counted(again.findings) == left
