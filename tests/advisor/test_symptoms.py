"""`losslint advise --symptom`: the order of debugging, and what a value says by itself."""

import ast
import json
import math

import pytest

from losslint.advisor.symptoms import Symptom, load_symptoms
from tests.conftest import Losslint

SYMPTOMS, VALUES = load_symptoms()
NAMES = ["nan", "stuck", "not-decreasing", "oscillating", "good-loss-bad-metric"]


def test_all_symptoms_are_there() -> None:
    assert [symptom.name for symptom in SYMPTOMS] == NAMES


@pytest.mark.parametrize("symptom", SYMPTOMS, ids=lambda symptom: symptom.name)
def test_the_code_of_a_check_is_python(symptom: Symptom) -> None:
    for check in symptom.checks:
        ast.parse(check.code)
    assert symptom.references


@pytest.mark.parametrize("name", NAMES)
def test_a_symptom_has_a_page(losslint_: Losslint, name: str) -> None:
    result = losslint_("advise", "--symptom", name)
    assert (result.code, result.err) == (0, "")
    assert "## 1. " in result.out
    assert "| 0.693 | ln 2 |" in result.out
    document = json.loads(losslint_("advise", "--symptom", name, "-f", "json").out)
    assert document["symptom"] == name
    assert any(check["rules"] for check in document["checks"])


def test_rules_that_are_named_can_be_run(losslint_: Losslint) -> None:
    page = losslint_("advise", "--symptom", "stuck").out
    (line,) = [line for line in page.splitlines() if "LOS104" in line and "--select" in line]
    codes = line.split("--select ")[1].split("`")[0]
    assert losslint_("check", "--select", codes, ".").code == 0


def test_the_numbers_of_the_values_are_right() -> None:
    numbers = {value.formula: value.value.partition(" ")[0] for value in VALUES}
    assert numbers["ln 2"] == f"{math.log(2):.3f}"
    assert numbers["ln C"] == f"{math.log(10):.3f}"
    assert numbers["ln(1 + (C - 1) / e)"] == f"{math.log(1 + 9 / math.e):.3f}"
    assert numbers["ln(1 + 1 / e)"] == f"{math.log(1 + 1 / math.e):.3f}"


def test_an_unknown_symptom_is_a_mistake(losslint_: Losslint) -> None:
    result = losslint_("advise", "--symptom", "stuk")
    assert (result.code, result.out) == (2, "")
    assert "did you mean 'stuck'?" in result.err
