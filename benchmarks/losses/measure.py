"""Time and peak memory of a loss, forward and backward."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.profiler import ProfilerActivity, profile

Loss = Callable[[Tensor, Tensor], Tensor]


def fastest(losses: Sequence[Loss], tensors: tuple[Tensor, Tensor], seconds: float) -> list[float]:
    """The least time of each loss in seconds, taken in turns so that all meet the same noise."""
    prediction, target = tensors
    prediction = prediction.requires_grad_()
    # On a CPU that others use too, the time that the process had is steadier than the clock.
    clock = time.perf_counter if prediction.is_cuda else time.process_time
    best = [float("inf")] * len(losses)
    for loss in losses:
        _step(loss, prediction, target)
    end = time.perf_counter() + seconds
    rounds = 0
    while time.perf_counter() < end or rounds < 5:
        rounds += 1
        for number, loss in enumerate(losses):
            start = clock()
            _step(loss, prediction, target)
            best[number] = min(best[number], clock() - start)
    return best


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
