"""What to verify before training, with what the analysis of a script can tell about it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any

from losslint.advisor.tables import Table, knowledge_file


class Verdict(Enum):
    """What is known of an item."""

    OPEN = "open"
    """Nobody has looked."""
    CLEAN = "clean"
    """The analysis looked, and found nothing."""
    WRONG = "wrong"

    __hash__ = object.__hash__


_BOXES = {Verdict.OPEN: "[ ]", Verdict.CLEAN: "[x]", Verdict.WRONG: "[!]"}


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to verify."""

    check: str
    how: str
    rules: tuple[str, ...]
    """The codes of the rules that look at it; none if only a person can."""


@dataclass(frozen=True, slots=True)
class Section:
    """Items that belong together."""

    title: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A finding, and where it is."""

    code: str
    place: str
    message: str


@dataclass(frozen=True, slots=True)
class Analysed:
    """What the analysis of the given files saw."""

    findings: Sequence[Found]
    rules: Collection[str]
    """The codes of the rules that ran."""
    loss_calls: int
    understood: int

    def verdict(self, item: Item) -> Verdict:
        """What is known of an item; clean only if every loss call was understood."""
        if self.findings_of(item):
            return Verdict.WRONG
        looked = any(rule in self.rules for rule in item.rules)
        everything = 0 < self.loss_calls == self.understood
        return Verdict.CLEAN if looked and everything else Verdict.OPEN

    def findings_of(self, item: Item) -> list[Found]:
        """The findings of an item's rules."""
        return [found for found in self.findings if found.code in item.rules]


@cache
def load_checklist() -> tuple[Section, ...]:
    """All sections of the checklist."""
    file = knowledge_file("checklist.toml")
    sections = tuple(_section(table) for table in file.tables("sections"))
    file.end()
    return sections


def markdown(analysed: Analysed | None) -> str:
    """The checklist, with boxes: open, ticked, or crossed with the places."""
    parts = ["# Before training"]
    if analysed is not None:
        parts.append(
            f"`[x]` was looked at by the analysis and is clean, `[!]` is wrong, `[ ]` is for you. "
            f"{analysed.loss_calls} loss calls, {analysed.understood} understood"
            + (
                "."
                if 0 < analysed.loss_calls == analysed.understood
                else ": nothing is ticked unless all are."
            )
        )
    for section in load_checklist():
        lines = [line for item in section.items for line in _lines(item, analysed)]
        parts += [f"## {section.title}", "\n".join(lines)]
    return "\n\n".join(parts) + "\n"


def _lines(item: Item, analysed: Analysed | None) -> list[str]:
    verdict = Verdict.OPEN if analysed is None else analysed.verdict(item)
    lines = [f"- {_BOXES[verdict]} {item.check} ({item.how})"]
    if analysed is not None:
        lines += [
            f"  - {found.place}: {found.code} {found.message}"
            for found in analysed.findings_of(item)
        ]
    return lines


def document(analysed: Analysed | None) -> dict[str, Any]:
    """The checklist as JSON has it."""
    return {
        "analysed": analysed is not None,
        "loss_calls": None if analysed is None else analysed.loss_calls,
        "understood": None if analysed is None else analysed.understood,
        "sections": [
            {
                "title": section.title,
                "items": [_item_document(item, analysed) for item in section.items],
            }
            for section in load_checklist()
        ],
    }


def _item_document(item: Item, analysed: Analysed | None) -> dict[str, Any]:
    found = [] if analysed is None else analysed.findings_of(item)
    verdict = Verdict.OPEN if analysed is None else analysed.verdict(item)
    return {
        "check": item.check,
        "how": item.how,
        "verdict": verdict.value,
        "rules": list(item.rules),
        "findings": [
            {"code": one.code, "place": one.place, "message": one.message} for one in found
        ],
    }


def _section(table: Table) -> Section:
    items = []
    for found in table.tables("items"):
        items.append(Item(found.text("check"), found.text("how"), found.texts("rules")))
        found.end()
    section = Section(table.text("title"), tuple(items))
    table.end()
    return section
