"""Losses in units of their own running deviation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from losslint.losses._contract import check_number
from losslint.losses.distributed import mean_over_ranks
from losslint.losses.multitask.combiner import Combiner


class RunningNormalization(Combiner):
    r"""Sums the losses after each was brought to mean 0 and deviation 1 of its recent past.

    .. math::
        \sum_i \frac{L_i - \mu_i}{\max(\sigma_i, f |\mu_i|)}

    with the exponentially weighted running mean :math:`\mu_i` and standard deviation
    :math:`\sigma_i` of each task, without a gradient. The gradient of the total is therefore the
    sum of the tasks' gradients, each divided by its deviation. The total itself moves around zero
    and says nothing about progress: log the losses.

    A loss that has come to rest has hardly any deviation left, and would get all the weight; the
    floor, a fraction :math:`f` of the mean, keeps it from that.

    Every call in training mode updates the statistics and then uses them. You step nothing.

    Args:
        tasks: the names of the tasks.
        momentum: how much of the past is kept at each call, in [0, 1).
        floor: the smallest deviation that is believed, as a fraction of the mean; positive.

    Raises:
        ValueError: if ``momentum`` or ``floor`` is out of its range.
    """

    mean: Tensor
    variance: Tensor
    calls: Tensor

    def __init__(self, tasks: Iterable[str], *, momentum: float = 0.99, floor: float = 0.1) -> None:
        super().__init__(tasks)
        check_number("momentum", momentum, at_least=0, below=1)
        check_number("floor", floor, above=0)
        self.momentum, self.floor = momentum, floor
        self.register_buffer("mean", torch.zeros(len(self.tasks)))
        self.register_buffer("variance", torch.zeros(len(self.tasks)))
        self.register_buffer("calls", torch.zeros(len(self.tasks)))

    def weights(self) -> dict[str, float]:
        """One over the deviation of each task, and 1 before the first call."""
        return self._named(self._inverse_deviation())

    def _total(self, losses: Sequence[Tensor]) -> Tensor:
        stacked = torch.stack(list(losses))
        if self._measures():
            self._update(mean_over_ranks(stacked).to(self.mean))
        inverse = self._inverse_deviation().to(stacked)
        return ((stacked - self.mean.to(stacked)) * inverse).sum()

    def _update(self, losses: Tensor) -> None:
        seen = torch.isfinite(losses)
        calls = self.calls + 1
        # The first calls weigh all of the short past alike: no bias towards the zeros at the start.
        share = torch.clamp_min(1 / calls, 1 - self.momentum)
        difference = losses - self.mean
        mean = self.mean + share * difference
        variance = (1 - share) * (self.variance + share * difference.square())
        self.mean = torch.where(seen, mean, self.mean)
        self.variance = torch.where(seen, variance, self.variance)
        self.calls = torch.where(seen, calls, self.calls)

    def _inverse_deviation(self) -> Tensor:
        deviation = torch.maximum(self.variance.sqrt(), self.floor * self.mean.abs())
        known = deviation > 0
        return torch.where(known, deviation, 1).reciprocal()
