"""Labelled sites: what stands there, and which rules should or should not say so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from benchmarks.linting import At

CODES: dict[str, tuple[str, ...]] = {
    "argmax-before-loss": ("LOS408",),
    "bce-on-logits": ("LOS102",),
    "bce-without-logits": ("LOS101",),
    "clip-after-step": ("LOS407",),
    "clip-without-unscale": ("LOS406", "LOS407"),
    "detached-loss": ("LOS408", "LOS511"),
    "double-sigmoid": ("LOS103",),
    "double-softmax": ("LOS104", "LOS106", "LOS109", "LOS114"),
    "empty-mask-mean": ("LOS311", "LOS301"),
    "eps-too-small": ("LOS307", "LOS308"),
    "eval-loss-average": ("LOS510",),
    "exp-overflow": ("LOS304", "LOS305", "LOS306"),
    "kl-div-misuse": ("LOS111", "LOS112"),
    "kl-div-prob-input": ("LOS111",),
    "kl-div-reduction-mean": ("LOS112",),
    "log-of-softmax": ("LOS306", "LOS302", "LOS309"),
    "log-softmax-ce": ("LOS105",),
    "loss-accumulate-graph": ("LOS405",),
    "loss-never-backward": ("LOS403",),
    "manual-softmax": ("LOS305", "LOS304"),
    "missing-zero-grad": ("LOS401", "LOS414"),
    "mse-broadcast": ("LOS204",),
    "nll-without-log": ("LOS108",),
    "one-hot-ce": ("LOS201",),
    "retained-graph": ("LOS405",),
    "shape-broadcast": ("LOS204",),
    "sigmoid-before-ce": ("LOS106", "LOS104"),
    "softmax-no-dim": ("LOS113",),
    "softmax-wrong-dim": ("LOS109", "LOS114"),
    "sum-reduction": ("LOS503",),
    "unguarded-division": ("LOS301",),
    "unguarded-log": ("LOS302", "LOS306", "LOS309"),
    "unguarded-sqrt": ("LOS303", "LOS308"),
    "unweighted-multitask-sum": ("LOS501",),
    "zero-grad-misplaced": ("LOS402", "LOS414"),
}
"""The rules that answer a kind of fault, the one it is named for first; any of them will do.

Kinds that no rule is meant for ("other") are missing.
"""

_OF_EQUAL_RANK = {
    "double-softmax": 2,
    "kl-div-misuse": 2,
    "missing-zero-grad": 2,
}
"""Kinds that are named for more than one rule: how many of the first."""


class Verdict(Enum):
    """What a careful reader said about a site."""

    BUG = "bug"
    """To be reported."""
    TRAP = "trap"
    """Looks like the fault and is none: a report is wrong."""
    DEBATABLE = "debatable"
    """A matter of opinion: a report is neither right nor wrong."""


@dataclass(frozen=True, slots=True)
class Label:
    """One site, judged by hand."""

    source: str
    """``name==version`` of a package, or ``owner/name@commit`` of a repository."""
    at: At
    kinds: tuple[str, ...]
    """What it is about, the closest word first."""
    verdict: Verdict
    also_at: tuple[At, ...] = ()
    """Other places where the same fault may rightly be reported."""
    complete: bool = False
    """Whether all that a perfect linter would report in this file is labelled."""
    shape: str = ""

    @property
    def places(self) -> tuple[At, ...]:
        """All places where the fault may be reported."""
        return (self.at, *self.also_at)

    @property
    def codes(self) -> frozenset[str]:
        """The rules that may report it."""
        return frozenset(code for kind in self.kinds for code in CODES.get(kind, ()))

    @property
    def own_codes(self) -> tuple[str, ...]:
        """The rules that its closest kind is named for, which must not report a trap."""
        kind = self.kinds[0]
        return CODES.get(kind, ())[: _OF_EQUAL_RANK.get(kind, 1)]

    def is_answered_by(self, rules: frozenset[str]) -> bool:
        """Whether one of the rules could report it, rightly or wrongly."""
        codes = self.own_codes if self.verdict is Verdict.TRAP else self.codes
        return not rules.isdisjoint(codes)


def read_labels(file: Path) -> Iterator[Label]:
    """The labels in a file."""
    for row in json.loads(file.read_text("utf-8")):
        yield _label(row)


def _label(row: dict[str, Any]) -> Label:
    return Label(
        source=row["source"],
        at=(row["path"], row["line"]),
        kinds=tuple(row["kinds"]),
        verdict=Verdict(row["verdict"]),
        also_at=tuple(map(_at, row.get("also_at", ()))),
        complete=row.get("complete", False),
        shape=row["shape"],
    )


def _at(place: str) -> At:
    path, _, line = place.rpartition(":")
    return path, int(line)
