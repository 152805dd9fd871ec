"""Which fixes of loss calls hold in every context that reaches them.

A loss call is met once for each way into its function and each combination of criterion and input.
An edit changes the one piece of text that all of them share, so it has to be right for all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from losslint.analysis.domain.trail import Place
    from losslint.diagnosis import Said
    from losslint.fix import Fix


class Agreement:
    """What was offered at each loss call, over all cases of all contexts."""

    def __init__(self) -> None:
        self._cases: Counter[Place] = Counter()
        self._offers: Counter[tuple[Place, str, Fix]] = Counter()

    def heard(self, place: Place, said: Iterable[Said]) -> None:
        """Takes in what the rules say about one case."""
        self._cases[place] += 1
        offers = {(place, rule.code, one.fix) for rule, one in said if one.fix is not None}
        self._offers.update(offers)

    def settled(self, said: Said) -> Said:
        """What was said, with its fix only if every case at every place concerned offers it.

        What is not about a loss call, such as a division, has no cases that could disagree.
        """
        rule, diagnosis = said
        fix = diagnosis.fix
        if fix is None:
            return said
        agreed = all(
            self._offers[place, rule.code, fix] == self._cases[place]
            for place in (diagnosis.at, *fix.together)
        )
        if agreed and all(self._cases[place] for place in fix.together):
            return said
        return rule, replace(diagnosis, fix=None)
