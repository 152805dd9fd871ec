"""Weights that keep the tasks' gradients on shared layers in balance."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn

from losslint.losses._contract import check_number, fail
from losslint.losses.distributed import mean_over_ranks
from losslint.losses.gradients import Scaler, gradients_of
from losslint.losses.multitask.combiner import Combiner


class GradNorm(Combiner):
    r"""Balances how strongly the tasks pull at shared parameters (Chen et al. 2018).

    With :math:`G_i = \lVert \nabla_W w_i L_i \rVert_2` over the shared parameters :math:`W`,
    their mean :math:`\bar G` over the tasks, and the relative inverse training rate
    :math:`r_i = \tilde L_i / \frac{1}{T} \sum_j \tilde L_j`, where
    :math:`\tilde L_i = L_i / L_i(0)`, the weights descend on

    .. math::
        \sum_i \left| G_i - \bar G r_i^\alpha \right|

    with the target :math:`\bar G r_i^\alpha` held constant, and are scaled to the sum :math:`T`
    afterwards ("GradNorm: Gradient Normalization for Adaptive Loss Balancing in Deep Multitask
    Networks", ICML 2018; equations 1 and 2, algorithm 1). Two things are made free of units, so
    that one learning rate does for losses of any scale: the objective is divided by
    :math:`\bar G`, and the descent is on :math:`\log w_i`, which also keeps the weights positive.

    **The weights step themselves**, once in each call in training mode, after the total was made
    with the weights before. Call ``backward`` on the total as always: no ``retain_graph`` is
    needed, nor an optimizer for the weights. The losses must be positive for their rates to mean
    anything: where one is not, or a norm is not finite, the weights stay.

    The gradients on ``shared`` are made here for each task, so choose little: the paper takes the
    last shared layer. Under ``DistributedDataParallel`` they are averaged over the ranks. With
    float16 give the scaler, or they may underflow. With gradient accumulation every micro-batch is
    one step: divide ``lr`` by their number.

    Args:
        tasks: the names of the tasks.
        shared: the parameters that all tasks share, in general those of the last shared layer.
        alpha: how much more a task that lags behind is pulled, not negative; 1.5 as in the paper.
        lr: the step of the weights; 0.025 as in the paper.
        initial_losses: :math:`L_i(0)`, positive; by default the losses at the first call. For a
            cross entropy over :math:`C` classes the paper recommends :math:`\log C`.
        scaler: the ``GradScaler`` of a float16 run.

    Raises:
        ValueError: if ``shared`` is empty or needs no gradient, or ``alpha``, ``lr`` or an initial
            loss is out of its range; when called, if a loss has no gradient.
    """

    log_weight: Tensor
    initial: Tensor

    def __init__(
        self,
        tasks: Iterable[str],
        shared: Iterable[nn.Parameter],
        *,
        alpha: float = 1.5,
        lr: float = 0.025,
        initial_losses: Mapping[str, float] | None = None,
        scaler: Scaler | None = None,
    ) -> None:
        super().__init__(tasks)
        # In a list they are no parameters of this module, as they are the network's.
        self._shared = [parameter for parameter in shared if parameter.requires_grad]
        if not self._shared:
            raise ValueError(
                "`shared` must have a parameter that requires a gradient, but has none: pass those "
                "of the last layer that all tasks share, such as backbone.fc.parameters()"
            )
        check_number("alpha", alpha, at_least=0)
        check_number("lr", lr, above=0)
        self.alpha, self.lr = alpha, lr
        self._scaler = scaler
        self.register_buffer("log_weight", torch.zeros(len(self.tasks)))
        self.register_buffer("initial", self._initial(initial_losses))

    def weights(self) -> dict[str, float]:
        """The weights of the next call, with the sum of the number of tasks."""
        return self._named(self.log_weight.exp())

    def _total(self, losses: Sequence[Tensor]) -> Tensor:
        stacked = torch.stack(list(losses))
        total = (self.log_weight.exp().to(stacked) * stacked).sum()
        if self._measures():
            norms = torch.stack(
                [
                    self._gradient_norm(task, loss)
                    for task, loss in zip(self.tasks, losses, strict=True)
                ]
            )
            measured = mean_over_ranks(stacked).to(self.log_weight)
            self._step(measured, norms.to(self.log_weight))
        return total

    def _gradient_norm(self, task: str, loss: Tensor) -> Tensor:
        gradients = gradients_of(loss, self._shared, self._scaler)
        if gradients is None:
            raise ValueError(
                f"`losses[{task!r}]` must have a gradient with regard to a parameter in "
                "`shared`, but has none: share parameters that every task's output is "
                "computed with"
            )
        return mean_over_ranks(gradients).square().sum().sqrt()

    def _step(self, losses: Tensor, norms: Tensor) -> None:
        first = self.initial.isnan() & torch.isfinite(losses) & (losses > 0)
        self.initial = torch.where(first, losses, self.initial)
        ratio = losses / self.initial
        weighted = norms * self.log_weight.exp()
        mean = weighted.mean()
        target = mean * (ratio / ratio.mean()) ** self.alpha
        # The derivative of |G_i - target| with regard to log w_i is G_i times the sign, as
        # G_i = w_i times the norm of the unweighted gradient.
        slope = torch.sign(weighted - target) * weighted / mean
        moved = self.log_weight - self.lr * slope
        moved = moved - torch.logsumexp(moved, 0) + math.log(len(self.tasks))
        self.log_weight = torch.where(torch.isfinite(moved).all(), moved, self.log_weight)

    def _initial(self, given: Mapping[str, float] | None) -> Tensor:
        if given is None:
            return torch.full((len(self.tasks),), torch.nan)
        if set(given) != set(self.tasks):
            fail("initial_losses", f"of the tasks {sorted(self.tasks)}", f"of {sorted(given)}")
        for task, loss in given.items():
            check_number(f"initial_losses[{task!r}]", loss, above=0)
        return torch.tensor([float(given[task]) for task in self.tasks])
