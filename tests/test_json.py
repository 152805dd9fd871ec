"""The JSON document."""

import json
from pathlib import Path

from losslint import __version__
from tests.conftest import Losslint, write


def test_a_finding_has_everything_a_program_needs(project: Path, losslint_: Losslint) -> None:
    (project / "a").mkdir()
    write(project / "a", train="x = 1\nLOS104(\n  x)\n")
    document = json.loads(losslint_("-f", "json", ".").out)
    assert document == {
        "version": 1,
        "losslint": __version__,
        "findings": [
            {
                "code": "LOS104",
                "name": "softmax-before-cross-entropy",
                "severity": "error",
                "confidence": "high",
                "message": "softmax-before-cross-entropy here",
                "help": "do not",
                "path": "a/train.py",
                "line": 2,
                "column": 1,
                "end_line": 3,
                "end_column": 5,
                "cell": None,
                "related": [
                    {
                        "path": "a/train.py",
                        "line": 3,
                        "column": 3,
                        "end_line": 3,
                        "end_column": 4,
                        "cell": None,
                        "message": "x came from here",
                    }
                ],
                "fix": None,
                "url": None,
            }
        ],
        "errors": [],
        "coverage": {"loss_calls": 1, "understood": 1},
        "summary": {
            "files": 1,
            "findings": 1,
            "fixed": 0,
            "by_severity": {"error": 1, "warning": 0, "advice": 0},
            "by_rule": {"LOS104": 1},
        },
    }


def test_nothing_found_is_a_document_too(project: Path, losslint_: Losslint) -> None:
    write(project, train="x = 1\n")
    result = losslint_("-f", "json", ".")
    assert result.code == 0
    assert json.loads(result.out)["findings"] == []
    assert result.err == ""


def test_a_broken_file_is_an_error_and_the_others_go_on(project: Path, losslint_: Losslint) -> None:
    write(project, broken="def f(:\n", train="LOS104()\n")
    result = losslint_("-f", "json", ".")
    document = json.loads(result.out)
    assert [finding["code"] for finding in document["findings"]] == ["LOS001", "LOS104"]
    (error,) = document["errors"]
    assert (error["path"], error["line"]) == ("broken.py", 1)
    assert set(error) == {"path", "line", "column", "cell", "message"}
    assert result.code == 1


def test_an_error_is_told_even_if_its_rule_is_off(project: Path, losslint_: Losslint) -> None:
    write(project, broken="def f(:\n")
    result = losslint_("-f", "json", "--ignore", "LOS001", ".")
    document = json.loads(result.out)
    assert document["findings"] == []
    assert len(document["errors"]) == 1
    assert "broken.py:1" in result.err
    assert "LOS001 is off" in result.err


def test_what_was_not_understood_is_listed_on_request(project: Path, losslint_: Losslint) -> None:
    write(project, train="f()\nunknown(x)\nunknown()\n")
    assert json.loads(losslint_("-f", "json").out)["coverage"] == {"loss_calls": 3, "understood": 1}
    coverage = json.loads(losslint_("-f", "json", "--show-unresolved").out)["coverage"]
    place = {"path": "train.py", "line": 2, "column": 1, "end_line": 2, "end_column": 11}
    inner = {"path": "train.py", "line": 2, "column": 9, "end_line": 2, "end_column": 10}
    first, second = coverage["unresolved"]
    nowhere = {"cell": None}
    assert first == place | nowhere | {"lost": inner | nowhere, "why": "nobody knows this"}
    assert (second["line"], second["lost"], second["why"]) == (3, None, "")
