"""LOS403: an optimizer steps, and nothing computes a gradient."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.trail import Step
from losslint.analysis.events import IdleStep
from losslint.finding import Severity
from losslint.rule import Diagnosis, Rule


class MissingBackward(Rule):
    """A loop computes a loss and steps an optimizer, and there is no backward.

    ## What it does

    Looks for a loop in which a loss is computed, by a criterion or by hand under a name that says
    so, and an optimizer steps, where nothing that leads there backpropagates: no `backward` in any
    form, no `torch.autograd.grad`, no gradient set by hand, and no call of something unknown that
    is given the loss, the model or the optimizer.

    ## Why it matters

    An optimizer skips parameters that have no gradient, so the loop runs, the loss is printed, and
    the model stays what it was: a hundred steps of AdamW move no weight at all, not even by the
    weight decay. The loss still varies from batch to batch and looks alive.

    ## Example

    ```python
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        optimizer.step()
    ```

    ## Instead

    ```python
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
    ```

    ## When it is fine

    A step before training, to make a scheduler's warning go away or to fill the optimizer's state,
    computes no loss and is not reported.

    ## References

    - PyTorch tutorial: Optimizing model parameters,
      https://docs.pytorch.org/tutorials/beginner/basics/optimization_tutorial.html
    """

    code: ClassVar[str] = "LOS403"
    name: ClassVar[str] = "missing-backward"
    severity: ClassVar[Severity] = Severity.ERROR
    category: ClassVar[str] = "training-loop"

    def check_idle_step(self, found: IdleStep) -> Iterator[Diagnosis]:
        """A step without any backward."""
        if found.backward is None:
            yield Diagnosis(
                found.place,
                f"`{found.optimizer}` steps, and nothing has computed a gradient: the model does "
                "not learn",
                "call `loss.backward()` before the step",
                (Step(found.loss, "this loss is never backpropagated"),),
            )
