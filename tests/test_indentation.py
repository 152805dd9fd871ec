"""Files indented by tabs and spaces at once, which Python reads by counting columns."""

from pathlib import Path

import pytest

from losslint.analysis.reading.indentation import in_spaces
from losslint.cli.main import main
from tests.conftest import write
from tests.test_end_to_end import lint
from tests.test_notebooks import notebook

FAULT = (
    "import torch.nn.functional as F\n\n\n"
    "class Loss:\n"
    "\t  def __call__(self, x, y):\n"
    '\t\t  """Of rows\n'
    '\tand classes."""\n'
    "\t\t  # tabs count\n"
    "\t\t  if x is None:\n"
    "\t\t\t  return (0,\n"
    "\t1)\n"
    "\t\t  return F.cross_entropy(F.softmax(x, 1), y)\n"
)
"""libcst takes two tabs and two spaces for no continuation of a tab and two spaces."""


def test_such_a_file_is_linted_and_its_columns_are_those_of_the_file(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(project, loss=FAULT)
    (finding,) = lint(capsys)["findings"]
    assert (finding["code"], finding["line"]) == ("LOS104", 12)
    assert FAULT.splitlines()[11][finding["column"] - 1 :].startswith("F.cross_entropy(")
    assert finding["end_column"] == len(FAULT.splitlines()[11]) + 1
    assert finding["fix"] is None


def test_its_own_line_is_shown(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project, loss=FAULT)
    main(["loss.py"])
    out = capsys.readouterr().out
    start = out.index("12 |")
    shown, marked = out[start:].splitlines()[:2]
    assert shown.index("F.cross_entropy") == marked.index("^")


def test_it_is_not_written(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project, loss=FAULT + "\nx = 1  # losslint: ignore[LOS104]\n")
    before = (project / "loss.py").read_bytes()
    document = lint(capsys, "--fix", "--unsafe-fixes")
    assert {finding["code"] for finding in document["findings"]} == {"LOS002", "LOS104"}
    assert (project / "loss.py").read_bytes() == before


def test_it_is_linted_in_a_cell(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    notebook(project / "nb.ipynb", "x = 1", FAULT)
    (finding,) = lint(capsys)["findings"]
    assert (finding["cell"], finding["line"], finding["column"]) == (1, 12, 12)


def test_a_comment_silences_in_it(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project, loss=FAULT.replace(", y)\n", ", y)  # losslint: ignore[LOS104]\n"))
    assert lint(capsys)["findings"] == []


@pytest.mark.parametrize(
    "text",
    [
        "if x:\n    y\n\tz\n",
        "if x:\n\ty\n        z\n",
        "if x:\n    y\n  z\n",
        "if x:\n    y\n",
        "def f(:\n",
        "x = '\0'\n",
    ],
)
def test_what_python_refuses_or_needs_no_counting_stays_as_it_is(text: str) -> None:
    assert in_spaces(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("if x:\n \ty\n", "if x:\n        y\n"),
        ("if x:\r\n\ty\r\n", "if x:\r\n        y\r\n"),
        ("if x:\n\ty = '''\n\ta'''\n", "if x:\n        y = '''\n\ta'''\n"),
        ("if x:\n\ty = [\n\t1]\n", "if x:\n        y = [\n\t1]\n"),
        ("if x:\n\ty = \\\n\t1\n", "if x:\n        y = \\\n\t1\n"),
        ("\fx\nif x:\n\f\ty", "x\nif x:\n        y"),
        ("if x:\n\t# a\n\n\ty\n", "if x:\n        # a\n\n        y\n"),
    ],
)
def test_tabs_count_to_the_next_multiple_of_eight(text: str, expected: str) -> None:
    found = in_spaces(text)
    assert found is not None
    spaced, longer = found
    assert spaced == expected
    lines = zip(text.split("\n"), spaced.split("\n"), strict=True)
    by = {number: len(new) - len(old) for number, (old, new) in enumerate(lines, 1)}
    assert longer == {number: more for number, more in by.items() if more}


def test_the_problem_is_told_where_the_tree_cannot_be_made(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(project, loss="import torch\nif x:\n    loss = y\n\tz\n")
    (finding,) = lint(capsys)["findings"]
    assert (finding["code"], finding["line"]) == ("LOS001", 4)
