"""Weights that stay as they were given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from losslint.losses._contract import check_number
from losslint.losses.multitask.combiner import Combiner


class FixedWeights(Combiner):
    r"""The weighted sum :math:`\sum_i w_i L_i` with weights that you choose.

    The one to begin with, and hard to beat once the weights are tuned. A good first guess makes the
    weighted losses equally large at the start: the inverse of each loss in the first epoch.

    Args:
        weights: the weight of each task, finite and not negative.

    Raises:
        ValueError: if a weight is negative or not finite, or there is none.
    """

    def __init__(self, weights: Mapping[str, float]) -> None:
        super().__init__(weights)
        for task, weight in weights.items():
            check_number(f"weights[{task!r}]", weight, at_least=0)
        self._weights = tuple(float(weight) for weight in weights.values())

    def weights(self) -> dict[str, float]:
        """The weights that were given."""
        return dict(zip(self.tasks, self._weights, strict=True))

    def _total(self, losses: Sequence[Tensor]) -> Tensor:
        stacked = torch.stack(list(losses))
        return (stacked.new_tensor(self._weights) * stacked).sum()
