"""Choices that nothing ties together: a network of several that meets a loss of several.

An option picks the network and another one the loss. That a program has both does not say that
anybody trains this network with this loss, so the network is not judged alone by one of the losses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from losslint.analysis.events import Event, LossCalls, LossCase
from losslint.analysis.objective.criteria import Expects
from losslint.analysis.reading.nodes import walk

if TYPE_CHECKING:
    import libcst as cst

Told = tuple[int, int]
"""Where the events of one arm begin and end."""


def untie(events: list[Event], arms: Sequence[Told], within: cst.CSTNode | None = None) -> None:
    """Takes what was given to the losses of several arms for one choice of those that may be.

    A criterion that has the same demands in all arms is met in any case, and stays as it is.

    Args:
        events: of the analysis, of which those of the arms are changed.
        arms: where the events of each arm are.
        within: the statement whose arms they are. What they call has networks and losses of its
            own. Where a loss is picked and called there is none, and an arm without a criterion
            of torch is a loss of the project's own, with other demands.
    """
    calls = [
        {i: one for i in range(start, end) if isinstance(one := events[i], LossCalls)}
        for start, end in arms
    ]
    if within is not None:
        calls = [one for one in calls if one]
        if len(calls) > 1:
            nodes = frozenset(walk(within))
            calls = [{i: one for i, one in arm.items() if one.place.node in nodes} for arm in calls]
            calls = [one for one in calls if one]
    if len(calls) < 2:
        return
    demands = [
        {case.call.criterion.expects for one in arm.values() for case in one.cases} for arm in calls
    ]
    shared = set.intersection(*demands)
    for arm in calls:
        for index, one in arm.items():
            events[index] = replace(one, cases=tuple(_untied(case, shared) for case in one.cases))


def _untied(case: LossCase, shared: set[Expects]) -> LossCase:
    """A case that is no longer judged by its input alone."""
    if case.call.criterion.expects in shared or not case.picked:
        return case
    kept = frozenset(
        one for one in case.configurations if not (isinstance(one, tuple) and one[0] == "input")
    )
    return replace(case, configurations=kept)
