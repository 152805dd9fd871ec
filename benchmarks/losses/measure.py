"""Time and peak memory of a loss, forward and backward."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.profiler import ProfilerActivity, profile

Loss = Callable[[Tensor, Tensor], Tensor]

_HALF_A_TURN = 5e-3
"""Seconds."""

_LEAST_STEPS = 4
"""In half a turn. Until then glibc may give memory back to the kernel, because of how the loss
before left the heap, and a step that takes it again costs twice as much."""


def undisturbed(
    losses: Sequence[Loss], tensors: tuple[Tensor, Tensor], seconds: float
) -> list[float]:
    """The time of a step of each loss in seconds, which a tenth of its steps stay below.

    Whatever else the machine does only adds to the time, and a single lucky step says little.

    They take turns, so that all meet the same noise. The first half of a turn is not measured: in
    it a loss pays for what the one before has left in caches and allocator, and would else be
    charged for its neighbour.
    """
    prediction, target = tensors
    prediction = prediction.requires_grad_()
    # On a CPU that others use too, the time that the process had is steadier than the clock.
    clock = time.perf_counter if prediction.is_cuda else time.process_time

    def timed(loss: Loss) -> float:
        start = clock()
        _step(loss, prediction, target)
        return clock() - start

    for loss in losses:
        _step(loss, prediction, target)
    steps = [max(_LEAST_STEPS, int(_HALF_A_TURN / timed(loss))) for loss in losses]
    times: list[list[float]] = [[] for _ in losses]
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times[0]) < 5 * steps[0]:
        for loss, count, own in zip(losses, steps, times, strict=True):
            for _ in range(count):
                _step(loss, prediction, target)
            own.extend(timed(loss) for _ in range(count))
    return [sorted(own)[len(own) // 10] for own in times]


def peak_memory(loss: Loss, tensors: tuple[Tensor, Tensor]) -> float:
    """The most memory that one step takes beyond its arguments, in MiB."""
    prediction, target = tensors
    prediction = prediction.requires_grad_()
    if prediction.is_cuda:
        _step(loss, prediction, target)
        prediction.grad = None
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        _step(loss, prediction, target)
        return (torch.cuda.max_memory_allocated() - before) / 2**20
    prediction.grad = None
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        _step(loss, prediction, target)
    assert profiler.profiler is not None
    events = [e for e in profiler.profiler.kineto_results.events() if e.name() == "[memory]"]
    now = peak = 0
    for event in sorted(events, key=lambda event: event.start_ns()):
        now += event.nbytes()
        peak = max(peak, now)
    return peak / 2**20


def _step(loss: Loss, prediction: Tensor, target: Tensor) -> None:
    prediction.grad = None
    loss(prediction, target).backward()  # type: ignore[no-untyped-call]
    if prediction.is_cuda:
        torch.cuda.synchronize()
