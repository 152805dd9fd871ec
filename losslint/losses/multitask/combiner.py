"""The interface of all combiners: named losses in, one total out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn

from losslint.losses._contract import check_floating, check_same_device, describe, fail


class Combiner(nn.Module, ABC):
    """Makes one loss out of the losses of several tasks.

    Args:
        tasks: the names of the tasks.

    Raises:
        TypeError: if a name is no string.
        ValueError: if there is no name, or one comes twice.
    """

    tasks: tuple[str, ...]

    def __init__(self, tasks: Iterable[str]) -> None:
        super().__init__()
        if isinstance(tasks, str):
            raise TypeError(f"`tasks` must be several names, but is one: write [{tasks!r}]")
        self.tasks = tuple(tasks)
        for task in self.tasks:
            if not isinstance(task, str):
                raise TypeError(f"`tasks` must be strings, but has {describe(task)}")
        if not self.tasks or len(set(self.tasks)) < len(self.tasks):
            fail("tasks", "at least one name, and none twice", repr(self.tasks))

    def forward(self, losses: Mapping[str, Tensor]) -> Tensor:
        """The total of ``losses``, a scalar to call ``backward`` on.

        Args:
            losses: for each task a floating-point scalar, already reduced.

        Raises:
            TypeError: if ``losses`` is no mapping, or a loss no floating-point tensor.
            ValueError: if a task is missing or unknown, or a loss is no scalar, or on another
                device than the others.
        """
        self._check(losses)
        return self._total([_widened(losses[task].reshape(())) for task in self.tasks])

    @abstractmethod
    def weights(self) -> dict[str, float]:
        """The present factor of each task's loss, for the log. Waits for a CUDA device."""

    @abstractmethod
    def _total(self, losses: Sequence[Tensor]) -> Tensor:
        """The total of the losses, scalars in the order of ``tasks``."""

    def extra_repr(self) -> str:
        """The tasks, for ``repr``."""
        return ", ".join(self.tasks)

    def _named(self, values: Tensor) -> dict[str, float]:
        return dict(zip(self.tasks, values.detach().tolist(), strict=True))

    def _measures(self) -> bool:
        """Whether this call may change the weights."""
        return self.training and torch.is_grad_enabled()

    def _check(self, losses: Mapping[str, Tensor]) -> None:
        if not isinstance(losses, Mapping):
            raise TypeError(
                "`losses` must map the name of each task to its loss, "
                f"but is a {type(losses).__name__}"
            )
        missing = [task for task in self.tasks if task not in losses]
        if missing:
            fail("losses", f"of the tasks {_joined(self.tasks)}", f"without {_joined(missing)}")
        unknown = [task for task in losses if task not in self.tasks]
        if unknown:
            fail(
                "losses",
                f"of the tasks that this {type(self).__name__} was made for, {_joined(self.tasks)}",
                f"with {_joined(unknown)}",
            )
        first = self.tasks[0]
        for task in self.tasks:
            name, loss = f"losses[{task!r}]", losses[task]
            check_floating(name, loss)
            if loss.numel() != 1:
                fail(name, "a scalar (reduce it first, with .mean() for example)", describe(loss))
            check_same_device(name, loss, f"losses[{first!r}]", losses[first])


def _widened(loss: Tensor) -> Tensor:
    return loss.to(torch.promote_types(loss.dtype, torch.float32))


def _joined(names: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in names)
