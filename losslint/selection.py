"""Which rules run, and on which files.

A selector is a code (``LOS104``), the beginning of codes (``LOS1``), a rule's name, or ``ALL``.
As in ruff the more specific selector wins: ``--select LOS1 --ignore LOS104`` leaves LOS104 out, and
``--select LOS104 --ignore LOS1`` runs LOS104 alone. Between equals, ignoring wins.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from losslint.errors import UserError, did_you_mean
from losslint.finding import Severity
from losslint.rule import Rule, find_rule

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

    from losslint.config import Settings

EVERYTHING = "ALL"
_EXACT = 1_000


@dataclass(frozen=True, slots=True)
class Selector:
    """The rules that one word stands for, and how specific the word is."""

    codes: frozenset[str]
    specificity: int


def selector(word: str, rules: Sequence[type[Rule]], where: str) -> Selector:
    """What ``word`` selects among ``rules``.

    Raises:
        UserError: if it selects nothing.
    """
    if word.upper() == EVERYTHING:
        return Selector(frozenset(rule.code for rule in rules), 0)
    exact = find_rule(rules, word)
    if exact is not None:
        return Selector(frozenset({exact.code}), _EXACT)
    folded = word.casefold()
    codes = frozenset(rule.code for rule in rules if rule.code.casefold().startswith(folded))
    if not codes or not folded:
        raise unknown_rule(word, rules, where)
    return Selector(codes, len(word))


def unknown_rule(word: str, rules: Sequence[type[Rule]], where: str) -> UserError:
    """The complaint about a word that is no rule, with the nearest one."""
    known = [rule.code for rule in rules] + [rule.name for rule in rules] + [EVERYTHING]
    hint = did_you_mean(word, known) or "; `losslint rules` lists them all"
    return UserError(f"{where}: unknown rule {word!r}{hint}")


def is_default(rule: type[Rule]) -> bool:
    """Whether the rule runs where nothing selects it."""
    return rule.default and rule.severity > Severity.ADVICE


@dataclass(frozen=True, slots=True)
class Choice:
    """The selecting words of one place: the settings file, or the command line."""

    select: Sequence[str] | None
    ignore: Sequence[str]
    extend_select: Sequence[str]
    where: str
    """How a complaint calls the place: ``losslint.toml: {}`` or ``--{}``."""


def choose(rules: Sequence[type[Rule]], choices: Iterable[Choice]) -> frozenset[str]:
    """The codes that are on after all choices; the rules' own defaults come first.

    A choice with ``select`` starts anew, one without changes what the earlier ones left.
    """
    chosen = {rule.code for rule in rules if is_default(rule)}
    for choice in choices:
        words = [
            (selector(word, rules, choice.where.format(key)), is_on)
            for key, values, is_on in (
                ("select", choice.select or (), True),
                ("extend-select", choice.extend_select, True),
                ("ignore", choice.ignore, False),
            )
            for word in values
        ]
        if choice.select is not None:
            chosen = set()
        # The sort is stable, so that what ignores comes after what selects.
        for found, is_on in sorted(words, key=lambda item: item[0].specificity):
            chosen = chosen | found.codes if is_on else chosen - found.codes
    return frozenset(chosen)


def severities(rules: Sequence[type[Rule]], settings: Settings) -> dict[str, Severity]:
    """The severity of each code that the settings override; the more specific key wins."""
    where = f"{settings.file}: severity"
    words = [(selector(word, rules, where), level) for word, level in settings.severity.items()]
    found: dict[str, Severity] = {}
    for chosen, level in sorted(words, key=lambda item: item[0].specificity):
        found.update(dict.fromkeys(chosen.codes, level))
    return found


@dataclass(frozen=True, slots=True)
class FileIgnores:
    """The ``per-file-ignores`` of the settings."""

    root: Path
    patterns: tuple[tuple[GitIgnoreSpec, frozenset[str]], ...] = ()

    def codes(self, path: Path) -> frozenset[str]:
        """The codes that are off in the file at ``path``."""
        if not self.patterns or not path.is_relative_to(self.root):
            return frozenset()
        relative = path.relative_to(self.root).as_posix()
        hits = [codes for spec, codes in self.patterns if spec.match_file(relative)]
        return frozenset().union(*hits)


def file_ignores(rules: Sequence[type[Rule]], settings: Settings) -> FileIgnores:
    """The ``per-file-ignores``, with their words looked up."""
    return FileIgnores(
        settings.root.resolve(),
        tuple(_patterns(rules, settings.per_file_ignores, f"{settings.file}: per-file-ignores")),
    )


def _patterns(
    rules: Sequence[type[Rule]], ignores: Mapping[str, Sequence[str]], where: str
) -> Iterable[tuple[GitIgnoreSpec, frozenset[str]]]:
    if not ignores:
        return
    from pathspec import GitIgnoreSpec

    for pattern, words in ignores.items():
        codes = [selector(word, rules, where).codes for word in words]
        yield GitIgnoreSpec.from_lines([pattern]), frozenset().union(*codes)
