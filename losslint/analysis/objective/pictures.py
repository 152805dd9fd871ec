"""Decoders whose outputs are pictures: what one loss of them is added to tells for all others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from losslint.analysis.domain.trail import steps_of
from losslint.analysis.domain.values import Tensor
from losslint.analysis.events import Event, LossCalls

if TYPE_CHECKING:
    from losslint.analysis.domain.trail import Place
    from losslint.analysis.events import Family, LossCall


def partners_of_outputs(
    events: Iterable[Event], partners: Mapping[Place, set[Family]]
) -> Mapping[Place, set[Family]]:
    """The families of what is added to losses of an output, by where its activation comes from.

    Args:
        events: all that was seen.
        partners: the families that are added to each loss, by its place.
    """
    found: dict[Place, set[Family]] = {}
    for event in events:
        if not isinstance(event, LossCalls):
            continue
        for case in event.cases:
            place = activated(case.call)
            if place is not None:
                found.setdefault(place, set()).update(partners.get(event.place, ()))
    return found


def activated(call: LossCall) -> Place | None:
    """Where the activation of a loss's input was built, or else applied."""
    steps = steps_of(call.input.trail) if isinstance(call.input, Tensor) else ()
    return steps[0].place if steps else None
