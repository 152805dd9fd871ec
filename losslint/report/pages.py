"""The list of rules, and the page of one rule."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from losslint.report.escape import printable
from losslint.rule import Rule
from losslint.selection import is_default


def write_rules(rules: Sequence[type[Rule]]) -> None:
    """Writes a line for each rule: its code, name, severity, and what it finds."""
    name_width = max((len(rule.name) for rule in rules), default=0)
    for rule in rules:
        severity = rule.severity.name.lower()
        state = "on " if is_default(rule) else "off"
        said = f"{rule.code}  {rule.name:<{name_width}}  {severity:<7}  {state}  {rule.summary()}"
        sys.stdout.write(printable(said) + "\n")


def write_rules_as_json(rules: Sequence[type[Rule]]) -> None:
    """Writes all that is said of the rules as a JSON array, with their pages in markdown."""
    listed = [
        {
            "code": rule.code,
            "name": rule.name,
            "severity": rule.severity.name.lower(),
            "category": rule.category,
            "default": is_default(rule),
            "fix": rule.offers_fix(),
            "summary": rule.summary(),
            "page": rule.page(),
        }
        for rule in rules
    ]
    sys.stdout.write(json.dumps(listed, indent=2) + "\n")


def write_pages(rules: Sequence[type[Rule]], folder: Path) -> None:
    """Writes the page of each rule to a folder, and a table of all of them."""
    folder.mkdir(parents=True, exist_ok=True)
    for rule in rules:
        (folder / f"{rule.name}.md").write_text(markdown(rule), "utf-8", newline="\n")
    (folder / "README.md").write_text(_table(rules), "utf-8", newline="\n")


def _table(rules: Sequence[type[Rule]]) -> str:
    lines = [
        "| code | rule | severity | default | fix | |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for rule in rules:
        state = "on" if is_default(rule) else "off"
        fix = "yes" if rule.offers_fix() else ""
        name, severity = f"[{rule.name}]({rule.name}.md)", rule.severity.name.lower()
        summary = rule.summary().replace("|", "\\|")
        lines.append(f"| {rule.code} | {name} | {severity} | {state} | {fix} | {summary} |")
    return "# Rules\n\n" + "\n".join(lines) + "\n"


def write_page(rule: type[Rule]) -> None:
    """Writes the page of a rule, laid out on a terminal, as markdown elsewhere."""
    write_markdown(markdown(rule))


def write_markdown(page: str) -> None:
    """Writes a page, laid out on a terminal, as it is elsewhere."""
    if not sys.stdout.isatty():
        sys.stdout.write(page)
        return
    from rich.console import Console
    from rich.markdown import Markdown

    Console().print(Markdown(page))


def markdown(rule: type[Rule]) -> str:
    """The page of a rule with its title and what it is by default."""
    state = "on" if is_default(rule) else "off"
    severity = rule.severity.name.lower()
    facts = f"*{severity}, {rule.category}, {state} by default*"
    return f"# {rule.name} ({rule.code})\n\n{facts}\n\n{rule.page()}\n"
