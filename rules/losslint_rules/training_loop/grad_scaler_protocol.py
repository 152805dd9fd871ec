"""LOS415: a GradScaler scales the loss, and the step goes past it or it is never updated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.trail import Step
from losslint.analysis.events import ScalerFault
from losslint.finding import Severity
from losslint.rewriting import through_the_scaler
from losslint.rule import Diagnosis, Rule


class GradScalerProtocol(Rule):
    """A scaled loss is backpropagated, and the optimizer steps without the scaler.

    ## What it does

    Follows a loop from `scaler.scale(loss).backward()` to the step. Reports `optimizer.step()`
    where the gradients are still scaled on every path, and `scaler.step(optimizer)` where nothing
    calls `scaler.update()`.

    ## Why it matters

    The scale starts at 65536. `optimizer.step()` uses gradients that are larger by that factor:
    one step of SGD at learning rate 0.1 with a gradient of norm 0.5 moves the weights by 3277
    instead of 0.05. Adam divides by the size of the gradient and so hides it, but weight decay,
    clipping and epsilon no longer mean what they say, and an infinite gradient, which the scaler
    would have skipped, destroys the weights. Without `scaler.update()` the second round raises
    "step() has already been called since the last update()".

    ## Example

    ```python
    scaler.scale(loss).backward()
    optimizer.step()
    scaler.update()
    ```

    ## Instead

    ```python
    scaler.scale(loss).backward()
    scaler.step(optimizer)
    scaler.update()
    ```

    ## When it is fine

    After `scaler.unscale_(optimizer)` the gradients have their true size, and the rule is silent.
    So it is on a branch that does not scale, and where the scaler is switched off.

    ## Fix

    Unsafe: the step is taken through the scaler, which is updated behind it.

    ## References

    - PyTorch notes: Automatic mixed precision examples,
      https://docs.pytorch.org/docs/stable/notes/amp_examples.html
    - Micikevicius et al.: Mixed precision training, 2018, https://arxiv.org/abs/1710.03740
    """

    code: ClassVar[str] = "LOS415"
    name: ClassVar[str] = "grad-scaler-protocol"
    severity: ClassVar[Severity] = Severity.ERROR
    category: ClassVar[str] = "training-loop"

    def check_scaler_fault(self, found: ScalerFault) -> Iterator[Diagnosis]:
        """A step past the scaler, or one through a scaler that is not updated."""
        if found.scaled:
            said = (
                f"`{found.optimizer}` steps with gradients that are still multiplied by the scale "
                "of the GradScaler"
            )
            advice = f"call `scaler.step({found.optimizer})` instead"
        else:
            said = "the GradScaler is never updated: its second step raises"
            advice = "call `scaler.update()` after the step"
        steps = (Step(found.backward, "the scaled loss is backpropagated here"),)
        yield Diagnosis(
            found.place, said, advice, steps, found.confidence, fix=through_the_scaler(found)
        )
