"""The fixture comments, with calls as findings."""

from pathlib import Path

import pytest

from losslint.testing import Case, cases, mismatches
from tests.conftest import write

pytestmark = pytest.mark.usefixtures("calls_are_findings")


def test_a_fixture_that_is_as_it_says(tmp_path: Path) -> None:
    write(tmp_path, a="LOS104()  # expect: LOS104\nf()  # expect-miss: LOS401\n")
    assert mismatches(Case(tmp_path / "a.py")) == []


def test_several_codes_on_a_line(tmp_path: Path) -> None:
    write(tmp_path, a="LOS104(LOS201())  # expect: LOS104, LOS201\n")
    assert mismatches(Case(tmp_path / "a.py")) == []


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("f()  # expect: LOS104", "1: LOS104 is expected and not found"),
        ("LOS104()  # expect-miss: LOS104", "write expect in place of expect-miss"),
        ("LOS104()", "1: LOS104 is found and not expected: softmax-before-cross-entropy here"),
        ("LOS104(\n)  # expect: LOS104", "2: LOS104 is expected and not found"),
    ],
)
def test_a_fixture_that_is_not(tmp_path: Path, line: str, complaint: str) -> None:
    write(tmp_path, a=line)
    assert any(complaint in said for said in mismatches(Case(tmp_path / "a.py")))


def test_a_folder_holds_cases_and_a_project_is_one(tmp_path: Path) -> None:
    rule = tmp_path / "double-sigmoid"
    (rule / "two_files").mkdir(parents=True)
    write(rule, single="")
    write(rule / "two_files", a="", b="")
    (tmp_path / "demo_project").mkdir()
    write(tmp_path / "demo_project", main="", model="")
    found = cases(tmp_path)
    assert [str(case) for case in found][1:] == [
        "double-sigmoid/single",
        "double-sigmoid/two_files",
    ]
    assert [len(case.files) for case in found] == [2, 1, 2]
