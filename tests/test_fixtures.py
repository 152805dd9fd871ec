"""Every fixture says itself what should be found in it."""

from pathlib import Path

import pytest

from losslint.rule import Rule, installed_rules
from losslint.testing import Case, cases, expectations, mismatches

FIXTURES = Path(__file__).parent.parent / "fixtures"


@pytest.mark.parametrize("case", cases(FIXTURES), ids=str)
def test_fixture(case: Case) -> None:
    wrong = mismatches(case)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("rule", installed_rules(), ids=lambda rule: rule.name)
def test_every_rule_has_fixtures_of_both_kinds(rule: type[Rule]) -> None:
    if rule.category == "run":  # the engine finds these, and tests/ has them
        return
    found = [expectations(case) for case in cases(FIXTURES) if case.path.parent.name == rule.name]
    hits = [case for case in found if any(wanted.code == rule.code for wanted in case)]
    assert len(hits) >= 5, "cases with a finding of the rule"
    assert len(found) - len(hits) >= 5, "cases without one"
