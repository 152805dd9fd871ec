"""What to look at, in which order, when training goes wrong."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any

from losslint.advisor.tables import Table, knowledge_file
from losslint.errors import UserError, did_you_mean


@dataclass(frozen=True, slots=True)
class Check:
    """One thing to look at."""

    check: str
    code: str
    tells: str
    rules: tuple[str, ...]
    """The codes of the rules that look for the cause."""


@dataclass(frozen=True, slots=True)
class Value:
    """What a value of the loss says by itself."""

    value: str
    formula: str
    means: str


@dataclass(frozen=True, slots=True)
class Symptom:
    """A way in which training goes wrong, and the checks in their order."""

    name: str
    title: str
    opening: str
    checks: tuple[Check, ...]
    references: tuple[str, ...]


@cache
def load_symptoms() -> tuple[tuple[Symptom, ...], tuple[Value, ...]]:
    """All symptoms, and the values that speak for themselves."""
    file = knowledge_file("symptoms.toml")
    values = tuple(_value(table) for table in file.tables("values"))
    return tuple(_symptom(name, Table(found, name)) for name, found in file.rest()), values


def find_symptom(name: str) -> Symptom:
    """The symptom of that name.

    Raises:
        UserError: if there is none; the message lists them.
    """
    symptoms, _ = load_symptoms()
    for symptom in symptoms:
        if symptom.name == name.casefold():
            return symptom
    names = [symptom.name for symptom in symptoms]
    raise UserError(f"--symptom {name}: not one of {', '.join(names)}{did_you_mean(name, names)}")


def markdown(symptom: Symptom, rules: Collection[str]) -> str:
    """The page of a symptom; of the rules those that are installed are named."""
    parts = [f"# {symptom.title}", symptom.opening]
    for number, check in enumerate(symptom.checks, 1):
        parts += [f"## {number}. {check.check}", f"```python\n{check.code}\n```", check.tells]
        known = [rule for rule in check.rules if rule in rules]
        if known:
            parts.append(f"`losslint --select {','.join(known)}` looks for these causes.")
    _, values = load_symptoms()
    rows = [f"| {value.value} | {value.formula} | {value.means} |" for value in values]
    table = "\n".join(["| value | formula | what it says |", "| --- | --- | --- |", *rows])
    references = "\n".join(f"- {reference}" for reference in symptom.references)
    parts += ["## What the value itself tells", table, "## References", references]
    return "\n\n".join(parts) + "\n"


def document(symptom: Symptom, rules: Collection[str]) -> dict[str, Any]:
    """The symptom as JSON has it."""
    _, values = load_symptoms()
    return {
        "symptom": symptom.name,
        "title": symptom.title,
        "opening": symptom.opening,
        "checks": [
            {
                "check": check.check,
                "code": check.code,
                "tells": check.tells,
                "rules": [rule for rule in check.rules if rule in rules],
            }
            for check in symptom.checks
        ],
        "values": [
            {"value": value.value, "formula": value.formula, "means": value.means}
            for value in values
        ],
        "references": list(symptom.references),
    }


def _symptom(name: str, table: Table) -> Symptom:
    symptom = Symptom(
        name,
        table.text("title"),
        table.text("opening"),
        tuple(_check(step) for step in table.tables("steps")),
        table.texts("references"),
    )
    table.end()
    return symptom


def _check(table: Table) -> Check:
    check = Check(
        table.text("check"), table.text("code"), table.text("tells"), table.texts("rules")
    )
    table.end()
    return check


def _value(table: Table) -> Value:
    value = Value(table.text("value"), table.text("formula"), table.text("means"))
    table.end()
    return value
