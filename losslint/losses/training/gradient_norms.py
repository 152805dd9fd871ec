"""How strongly the tasks pull at the parameters they share, and whether in one direction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

import torch
from torch import Tensor, nn

from losslint.losses._contract import check_floating, describe, fail
from losslint.losses.distributed import mean_over_ranks
from losslint.losses.gradients import Scaler, gradients_of


@dataclass(frozen=True)
class GradientNorms:
    """The gradients of one step.

    Attributes:
        norms: the Euclidean norm of each task's gradient.
        cosines: the cosine of the angle between the gradients of each two tasks, in the order of
            the names; below 0 they are in conflict, and 0 where one of them is zero.
    """

    norms: Mapping[str, float]
    cosines: Mapping[tuple[str, str], float]

    @property
    def ratio(self) -> float:
        """The largest norm over the smallest: far above 1, one task drowns out another."""
        least = min(self.norms.values())
        return max(self.norms.values()) / least if least else float("inf")

    @property
    def conflict(self) -> float:
        """The share of pairs of tasks whose gradients are in conflict, in [0, 1]."""
        return sum(cosine < 0 for cosine in self.cosines.values()) / max(len(self.cosines), 1)


class GradientNormMonitor:
    """Measures the gradient of each task's loss on shared parameters.

    ::

        monitor = GradientNormMonitor(model.backbone.layer4.parameters())
        ...
        losses = {"depth": depth_loss, "labels": label_loss}
        if step % 100 == 0:
            log(monitor(losses).norms)
        combine(losses).backward()

    A norm many times another's says that the weights of the losses are wrong (see
    :mod:`losslint.losses.multitask`); cosines that stay below 0, that no weights will do, and that
    a method of torchjd, such as PCGrad, may.

    Each measurement costs a backward pass for each task down to the parameters, so choose few
    parameters and few steps. It changes no ``.grad``, keeps the graph for your own backward pass,
    and with ``torch.distributed`` measures the mean gradient of all ranks, which all have to make
    the call.

    Args:
        parameters: the shared parameters, in general those of the last shared layer.
        scaler: the ``GradScaler`` of a float16 run, so that small gradients do not underflow.

    Raises:
        ValueError: if no parameter requires a gradient.
    """

    def __init__(self, parameters: Iterable[nn.Parameter], *, scaler: Scaler | None = None) -> None:
        self._parameters = [parameter for parameter in parameters if parameter.requires_grad]
        self._scaler = scaler
        if not self._parameters:
            fail("parameters", "of at least one that requires a gradient", "without any")

    def __call__(self, losses: Mapping[str, Tensor]) -> GradientNorms:
        """The gradients of the losses, which are unscaled scalars. Waits for a CUDA device.

        Raises:
            TypeError, ValueError: if there is no loss, or one is no floating-point scalar.
        """
        if not losses:
            fail("losses", "of at least one task", "empty")
        gradients = torch.stack([self._gradient(task, loss) for task, loss in losses.items()])
        norms = gradients.norm(dim=1)
        units = gradients / norms.masked_fill(norms == 0, 1)[:, None]
        cosines = (units @ units.T).tolist()
        return GradientNorms(
            dict(zip(losses, norms.tolist(), strict=True)),
            {
                (first, second): cosines[i][j]
                for (i, first), (j, second) in combinations(enumerate(losses), 2)
            },
        )

    def _gradient(self, task: str, loss: Tensor) -> Tensor:
        check_floating(f"losses[{task!r}]", loss)
        if loss.numel() != 1:
            fail(f"losses[{task!r}]", "a scalar (reduce it first)", describe(loss))
        gradient = gradients_of(loss.reshape(()), self._parameters, self._scaler)
        if gradient is None:
            # A task that does not touch the parameters does not pull at them.
            size = sum(parameter.numel() for parameter in self._parameters)
            gradient = torch.zeros(size, device=self._parameters[0].device)
        return mean_over_ranks(gradient)
