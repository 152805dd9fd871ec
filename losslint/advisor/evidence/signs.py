"""What the words in a script say about its task, by the table in ``knowledge/signs.toml``."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from functools import cache

from losslint.advisor.evidence.words import singular
from losslint.advisor.tables import Table, knowledge_file


@dataclass(frozen=True, slots=True)
class Sign:
    """One way in which a script shows its task."""

    task: str | None
    """None where it shows something that there is no recommendation for."""
    kind: str | None
    says: str
    """What it shows, in words."""
    words: tuple[frozenset[str], ...]
    """Of each group one word is in the script."""
    losses: tuple[frozenset[str], ...]
    """Of each group one criterion is called."""
    arguments: frozenset[str]
    """One of them is in the arguments of a loss call, unless there are none."""

    def holds(self, words: Set[str], losses: Set[str], arguments: Set[str]) -> bool:
        """Whether a script with these words, criteria and arguments of criteria shows it."""
        return (
            all(group & words for group in self.words)
            and all(group & losses for group in self.losses)
            and (not self.arguments or bool(self.arguments & arguments))
        )

    def in_words(self, words: Mapping[str, str]) -> str:
        """What it shows, with the names that it was seen by."""
        names = [words[min(group & words.keys())] for group in self.words]
        seen = ", ".join(f"`{name}`" for name in dict.fromkeys(names))
        return f"its names speak of {self.says}" + (f" ({seen})" if seen else "")


def sign_of(words: Set[str], losses: Set[str], arguments: Set[str]) -> Sign | None:
    """The first sign that holds."""
    return next((sign for sign in _signs() if sign.holds(words, losses, arguments)), None)


@cache
def _signs() -> tuple[Sign, ...]:
    file = knowledge_file("signs.toml")
    signs = tuple(_sign(table) for table in file.tables("signs"))
    file.end()
    return signs


def _sign(table: Table) -> Sign:
    task = table.text("task")
    sign = Sign(
        None if task == "none" else task,
        table.optional_text("kind"),
        table.text("says"),
        tuple(frozenset(map(singular, group.split())) for group in table.texts("words")),
        tuple(frozenset(group.split()) for group in table.texts("losses")),
        frozenset((table.optional_text("arguments") or "").split()),
    )
    table.end()
    return sign
