"""Which loader a batch was drawn from, and whether its sampler evens out the classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losslint.analysis.domain.choices import contradict
from losslint.analysis.domain.lookup import lineage
from losslint.analysis.domain.values import (
    NONE,
    Class,
    Conditions,
    Extern,
    Instance,
    Tensor,
    Value,
    alternatives_of,
)

if TYPE_CHECKING:
    from losslint.analysis.domain.trail import Place
    from losslint.analysis.interpreter import Interpreter

EVENED = frozenset(
    {
        "torch.utils.data.WeightedRandomSampler",
        "torch.utils.data.sampler.WeightedRandomSampler",
        "torchsampler.ImbalancedDatasetSampler",
        "torchsampler.imbalanced.ImbalancedDatasetSampler",
        "torch_geometric.loader.ImbalancedSampler",
    }
)
"""Samplers that draw some samples more often than others, as a rule those of rare classes."""
_COPIED = frozenset(name.rpartition(".")[2] for name in EVENED)
"""What they are called where a project has a copy of its own."""
SAMPLER = "<sampler>"
"""The slot of a loader that holds the sampler it was given."""


def drawn(run: Interpreter, loader: Instance) -> None:
    """Notes that a batch is drawn from a loader."""
    run.drawn |= {loader}


def weighs_classes(weight: Value | None) -> bool:
    """Whether the weights that a loss is given are such that make classes count differently."""
    return weight is not None and all(
        type(one.value) is Tensor and one.value.shape != "constant"
        for one in alternatives_of(weight)
    )


def evened_twice(run: Interpreter, when: Conditions, weight: Value | None) -> Place | None:
    """Where the sampler of a batch was built, if it draws by weights, and the loss has weights too.

    Args:
        run: the interpreter.
        when: what is assumed, besides what holds here.
        weight: the weights of classes that the loss is given.
    """
    if len(run.drawn) != 1 or weight is None:
        return None
    (loader,) = run.drawn
    sampler = run.heap.get(loader.slots, SAMPLER)
    if sampler is None:
        return None
    for one in alternatives_of(weight):
        if type(one.value) is not Tensor or one.value.shape == "constant":
            continue
        known = when | one.when | run.assumed()
        possible = [
            two.value for two in alternatives_of(sampler) if not contradict(two.when, known)
        ]
        places = [
            two.built.step.place
            for two in possible
            if isinstance(two, Instance) and two.built and _evens_out(two)
        ]
        if places and len(places) == len(possible):
            return places[0]
    return None


def _evens_out(sampler: Instance) -> bool:
    """Whether a sampler draws by weights; one that a project wrote may go by anything."""
    kinds = lineage(sampler.cls) if isinstance(sampler.cls, Class) else (sampler.cls,)
    return any(
        (isinstance(one, Extern) and one.name in EVENED)
        or (isinstance(one, Class) and one.name in _COPIED)
        for one in kinds
    )


def is_sampled(run: Interpreter) -> bool:
    """Whether a loader that the batch was drawn from has a sampler, or may have one."""
    for loader in run.drawn:
        sampler = run.heap.get(loader.slots, SAMPLER)
        if sampler is not None and sampler != NONE:
            return True
    return False
