"""What unit tests show of the code of other files: how networks end, and no more.

The data that a test passes are made up for the occasion, and what it computes gradients of is no
objective that anybody trains with.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from losslint.analysis.domain.values import UNKNOWN, Tensor, Value
from losslint.analysis.events import Event, LossCalls, OperationInLoss

if TYPE_CHECKING:
    from losslint.analysis.domain.syntax import SourceModule


def tried(event: Event, test: SourceModule) -> Event | None:
    """What is left of an event that a unit test leads to; None where that is nothing.

    Args:
        event: the event.
        test: the file of the test, of which everything counts.
    """
    if isinstance(event, OperationInLoss):
        return event if event.operation.place.file is test else None
    if not isinstance(event, LossCalls) or event.place.file is test:
        return event
    if not any(_is_of_network(case.call.input) for case in event.cases):
        return None
    cases = (replace(case, call=replace(case.call, target=UNKNOWN)) for case in event.cases)
    return LossCalls(event.place, tuple(cases))


def _is_of_network(value: Value) -> bool:
    return isinstance(value, Tensor) and any(isinstance(one, int) for one in value.deps)
