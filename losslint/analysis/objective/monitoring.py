"""Several tasks are trained, and only the sum of their losses is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from losslint.analysis.domain.values import Tensor
from losslint.analysis.events import Family, LossCalls, LossTerm, TotalAlone
from losslint.analysis.objective.objectives import objectives

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter
    from losslint.analysis.objective.watched import Parts

_ONE_OBJECTIVE = frozenset({Family.DIVERGENCE, Family.LIKELIHOOD, Family.POLICY})
"""Families of terms that are derived together with the others."""


def totals_alone(run: Interpreter) -> Iterator[TotalAlone]:
    """Objectives of several kinds of losses of which only the sum is looked at."""
    if not any(len(parts) > 1 for parts in run.seen.watched):
        return
    seen: set[Parts] = set()
    for objective in objectives(run):
        for loss in objective.losses:
            terms = loss.terms if isinstance(loss, Tensor) else ()
            parts = frozenset(term.place for term in terms)
            if parts in seen or parts not in run.seen.watched or not _are_tasks(terms):
                continue
            seen.add(parts)
            if any(other < parts for other in run.seen.watched):
                continue
            place = run.seen.watched[parts]
            seen_otherwise = objective.mixed or _measured(run, terms) or _evaluated(run, terms)
            if place is not None and not seen_otherwise:
                yield TotalAlone(place, terms)


def _are_tasks(terms: tuple[LossTerm, ...]) -> bool:
    """Whether terms are losses of several tasks."""
    families = {term.family for term in terms}
    return len(families) > 1 and not families & _ONE_OBJECTIVE


def _measured(run: Interpreter, terms: tuple[LossTerm, ...]) -> bool:
    """Whether the outputs of a classifier are read, as an accuracy does."""
    return any(
        term.family is Family.CLASSIFICATION and not term.deps.isdisjoint(run.seen.read_out)
        for term in terms
    )


def _evaluated(run: Interpreter, terms: tuple[LossTerm, ...]) -> bool:
    """Whether losses of such kinds are computed elsewhere without gradients, to be looked at."""
    families, places = {term.family for term in terms}, {term.place for term in terms}
    return any(
        case.call.evaluating and case.call.criterion.family in families
        for event in run.events
        if isinstance(event, LossCalls) and event.place not in places
        for case in event.cases
    )
