"""All losses that losslint has or recommends: formulas, shapes, when to use them. Without torch."""

from __future__ import annotations

from losslint.catalogue import (
    classification,
    detection,
    generative,
    image,
    metric_learning,
    multitask,
    ranking,
    regression,
    segmentation,
    training,
)
from losslint.catalogue.entry import Argument, Entry
from losslint.errors import UserError, did_you_mean

__all__ = ["ENTRIES", "Argument", "Entry", "find_entry"]

ENTRIES: tuple[Entry, ...] = (
    *classification.ENTRIES,
    *segmentation.ENTRIES,
    *detection.ENTRIES,
    *regression.ENTRIES,
    *metric_learning.ENTRIES,
    *ranking.ENTRIES,
    *generative.ENTRIES,
    *image.ENTRIES,
    *multitask.ENTRIES,
    *training.ENTRIES,
)


def find_entry(name: str) -> Entry:
    """The loss of this name: as listed, or that of its function or class, in any case.

    Raises:
        UserError: if there is none, with the nearest.
    """
    wanted = name.casefold().replace("_", "-")
    for entry in ENTRIES:
        dotted = (entry.function or "", entry.module or "")
        if wanted == entry.name or name in dotted or name in {d.rpartition(".")[2] for d in dotted}:
            return entry
    hint = did_you_mean(wanted, [entry.name for entry in ENTRIES])
    raise UserError(f"unknown loss {name!r}{hint or '; `losslint losses` lists them all'}")
