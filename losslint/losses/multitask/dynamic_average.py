"""Weights from how fast each loss has fallen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from losslint.losses._contract import check_number
from losslint.losses.distributed import mean_over_ranks
from losslint.losses.multitask.combiner import Combiner


class DynamicWeightAverage(Combiner):
    r"""Gives more weight to the tasks that have lately fallen least (Liu, Johns and Davison 2019).

    .. math::
        w_i(t) = T\, \mathrm{softmax}_i\!\left(\frac{r_i(t - 1)}{\tau}\right), \qquad
        r_i(t - 1) = \frac{\bar L_i(t - 1)}{\bar L_i(t - 2)}

    with :math:`\bar L_i(t)` the mean loss of epoch :math:`t`, :math:`T` tasks, and weights of 1 in
    the first two epochs ("End-to-End Multi-Task Learning with Attention", CVPR 2019; equation 7).

    The weights lie between 0 and :math:`T` whatever the size of the losses: as in the paper, a task
    whose loss is a thousand times larger goes on dominating. ``normalize=True`` divides each loss
    by its value at the first call, which the paper does not do, and which takes the scale out.

    **You say when an epoch ends**: call ``end_epoch()``, on every rank. An epoch without a call in
    training mode changes nothing.

    Args:
        tasks: the names of the tasks.
        temperature: :math:`\tau`, positive; 2 as in the paper. The larger, the more equal.
        normalize: divide each loss by its value at the first call.

    Raises:
        ValueError: if ``temperature`` is not positive.
    """

    total: Tensor
    calls: Tensor
    previous: Tensor
    weight: Tensor
    scale: Tensor

    def __init__(
        self, tasks: Iterable[str], *, temperature: float = 2.0, normalize: bool = False
    ) -> None:
        super().__init__(tasks)
        check_number("temperature", temperature, above=0)
        self.temperature, self.normalize = temperature, normalize
        count = len(self.tasks)
        self.register_buffer("total", torch.zeros(count))
        self.register_buffer("calls", torch.zeros(count))
        self.register_buffer("previous", torch.full((count,), torch.nan))
        self.register_buffer("weight", torch.ones(count))
        self.register_buffer("scale", torch.full((count,), torch.nan))

    def weights(self) -> dict[str, float]:
        """The factors of this epoch, the division by the first loss included."""
        return self._named(self._factors())

    def end_epoch(self) -> None:
        """Makes the weights of the next epoch out of the losses of this and the one before."""
        mean = self.total / self.calls  # NaN where nothing was seen, so that nothing changes
        ratio = mean / self.previous
        weight = len(self.tasks) * torch.softmax(ratio / self.temperature, 0)
        # One comparison for all, as the weights share a sum.
        known = torch.isfinite(weight).all()
        self.weight = torch.where(known, weight, self.weight)
        self.previous = torch.where(torch.isfinite(mean), mean, self.previous)
        self.total = torch.zeros_like(self.total)
        self.calls = torch.zeros_like(self.calls)

    def _total(self, losses: Sequence[Tensor]) -> Tensor:
        stacked = torch.stack(list(losses))
        if self._measures():
            self._measure(mean_over_ranks(stacked).to(self.total))
        return (self._factors().to(stacked) * stacked).sum()

    def _measure(self, losses: Tensor) -> None:
        seen = torch.isfinite(losses)
        usable = seen & (losses > 0) & self.scale.isnan()
        self.scale = torch.where(usable, losses, self.scale)
        self.total = self.total + torch.where(seen, losses, 0)
        self.calls = self.calls + seen

    def _factors(self) -> Tensor:
        if not self.normalize:
            return self.weight
        return self.weight / self.scale.nan_to_num(nan=1.0)
