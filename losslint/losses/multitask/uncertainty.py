"""Weights learned together with the network, from the noise of each task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from losslint.losses._contract import check_choice, check_number
from losslint.losses.distributed import mean_over_ranks
from losslint.losses.multitask.combiner import Combiner

Kind = Literal["regression", "classification"]

_FACTORS = {"regression": 0.5, "classification": 1.0}


class UncertaintyWeighting(Combiner):
    r"""Weighs each task by its learned homoscedastic noise (Kendall, Gal and Cipolla 2018).

    .. math::
        \sum_i c_i e^{-s_i} L_i + \tfrac{1}{2} s_i

    where :math:`s_i = \log \sigma_i^2` is learned, and :math:`c_i` is 1/2 for a regression task
    (:math:`L` a mean squared or absolute error) and 1 for a classification task (:math:`L` a cross
    entropy), as the paper derives them (its equations 7 and 10; "Multi-Task Learning Using
    Uncertainty to Weigh Losses", CVPR 2018). At rest a regression task has
    :math:`s = \log L` and a classification task :math:`s = \log 2L`. The total may be negative.

    **You step the weights**: they are the parameters of this module, so give them to the optimizer,
    without weight decay, which would pull every noise towards 1::

        combine = UncertaintyWeighting({"depth": "regression", "labels": "classification"})
        optimizer = torch.optim.AdamW([
            {"params": model.parameters()},
            {"params": combine.parameters(), "weight_decay": 0.0, "lr": 1e-2},
        ])

    Where a loss is large in the beginning, its gradient with regard to :math:`s` is, too: take an
    optimizer that normalises (Adam), and begin with an ``initial_log_variance`` of about the
    logarithm of the largest loss, so that the first steps of the network are small ones.

    Under ``DistributedDataParallel`` their gradient is that of the losses averaged over the ranks,
    whether or not this module is within the wrapped one.

    Args:
        kinds: for each task ``"regression"`` or ``"classification"``.
        initial_log_variance: :math:`s` in the beginning, for all tasks.

    Raises:
        TypeError: if ``initial_log_variance`` is no number.
        ValueError: if a kind is neither, or there is no task.
    """

    def __init__(self, kinds: Mapping[str, Kind], *, initial_log_variance: float = 0.0) -> None:
        super().__init__(kinds)
        for task, kind in kinds.items():
            check_choice(f"kinds[{task!r}]", kind, _FACTORS)
        self._factors = tuple(_FACTORS[kind] for kind in kinds.values())
        check_number("initial_log_variance", initial_log_variance)
        noise = torch.full((len(self.tasks),), float(initial_log_variance))
        self.log_variance = nn.Parameter(noise)

    def weights(self) -> dict[str, float]:
        r"""The factors :math:`c_i e^{-s_i}`."""
        return self._named(self._precision())

    def _precision(self) -> Tensor:
        log_variance = self.log_variance.float()
        return log_variance.new_tensor(self._factors) * torch.exp(-log_variance)

    def _total(self, losses: Sequence[Tensor]) -> Tensor:
        stacked = torch.stack(list(losses))
        weights = self._precision().to(stacked)
        total = (weights.detach() * stacked).sum() + self.log_variance.to(stacked).sum() / 2
        # The network's gradient comes from this rank's losses, that of the noise from all ranks'.
        measured = mean_over_ranks(stacked) if self._measures() else stacked.detach()
        return total + ((weights - weights.detach()) * measured).sum()
