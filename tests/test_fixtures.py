"""Every fixture says itself what should be found in it."""

from pathlib import Path

import pytest

from losslint.testing import Case, cases, mismatches

FIXTURES = Path(__file__).parent.parent / "fixtures"


@pytest.mark.parametrize("case", cases(FIXTURES), ids=str)
def test_fixture(case: Case) -> None:
    assert mismatches(case) == []
