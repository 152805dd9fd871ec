"""What the engine makes of diagnoses: one finding a place, in order, each in its file."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import libcst as cst
import pytest

import losslint.diagnosis
from losslint.analysis.domain.trail import Place, Step
from losslint.finding import Confidence
from losslint.rule import Diagnosis, Rule
from tests.conftest import Losslint, write


def diagnoses(
    monkeypatch: pytest.MonkeyPatch, *confidences: Confidence, astray: bool = False
) -> None:
    """Lets every rule about code say something about the first call, once for each confidence."""

    def diagnose(
        events: Sequence[Any], rules: Sequence[Rule], failed: object
    ) -> Iterator[tuple[Rule, Diagnosis]]:
        module, call = events[0]
        elsewhere = cst.Name("elsewhere")
        for rule in (rule for rule in rules if rule.category != "run"):
            for number, confidence in enumerate(confidences):
                place = Place(module, elsewhere if astray else call)
                step = Step(Place(module, elsewhere), "a step that is in no tree")
                message = f"{confidence.name} {number}"
                yield rule, Diagnosis(place, message, "help", (step,), confidence)

    monkeypatch.setattr(losslint.diagnosis, "diagnose", diagnose)


def test_the_surest_of_several_findings_at_one_place_is_kept(
    project: Path, losslint_: Losslint, monkeypatch: pytest.MonkeyPatch
) -> None:
    diagnoses(monkeypatch, Confidence.MEDIUM, Confidence.HIGH, Confidence.HIGH, Confidence.LOW)
    write(project, a="f()\n")
    lines = losslint_("-f", "concise", "-q", "--select", "LOS104,LOS101").out.splitlines()
    assert lines == ["a.py:1:1: LOS101 warning: HIGH 1", "a.py:1:1: LOS104 error: HIGH 1"]


def test_a_finding_that_is_nowhere_is_a_problem_and_no_crash(
    project: Path, losslint_: Losslint, monkeypatch: pytest.MonkeyPatch
) -> None:
    diagnoses(monkeypatch, Confidence.HIGH, astray=True)
    write(project, a="f()\n")
    result = losslint_("-f", "concise", "-q", "--select", "LOS104,LOS004")
    assert result.out == (
        "a.py:1:1: LOS004 warning: a finding of LOS104 has no place in this file\n"
    )


def test_findings_are_in_the_order_of_their_places(project: Path, losslint_: Losslint) -> None:
    write(project, b="LOS104()\n", a="x = LOS104(), LOS101()\nLOS201(LOS104())\n")
    lines = losslint_("-f", "concise", "-q").out.splitlines()
    assert [line.split(" ")[:2] for line in lines] == [
        ["a.py:1:5:", "LOS104"],
        ["a.py:1:15:", "LOS101"],
        ["a.py:2:1:", "LOS201"],
        ["a.py:2:8:", "LOS104"],
        ["b.py:1:1:", "LOS104"],
    ]
