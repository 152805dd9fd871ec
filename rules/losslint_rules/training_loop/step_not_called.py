"""LOS416: a method of the training loop is named but not called."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.events import MissingCall
from losslint.finding import Severity
from losslint.rewriting import called
from losslint.rule import Diagnosis, Rule


class StepNotCalled(Rule):
    """`optimizer.step`, `optimizer.zero_grad` or `loss.backward` without parentheses.

    ## What it does

    Looks for statements that consist of such a method and nothing else: of an optimizer, a model,
    a scheduler, a GradScaler or a loss.

    ## Why it matters

    Without parentheses the statement looks the method up and throws it away. Nothing raises, the
    loop runs at its usual speed, and the model never learns (`step`, `backward`) or learns from
    the sum of all gradients (`zero_grad`). A linear classifier whose loss falls from 1.24 to 0.16
    in 200 rounds stays at 1.24 without them.

    ## Example

    ```python
    optimizer.zero_grad()
    loss.backward()
    optimizer.step
    ```

    ## Instead

    ```python
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    ```

    ## When it is fine

    Never as a statement. A method that is passed on, as in `scheduler(optimizer.step)` or
    `hook = optimizer.step`, is no statement of its own, and is not reported.

    ## Fix

    Unsafe: the parentheses are added, and what did nothing so far takes place.

    ## References

    - torch.optim.Optimizer.step,
      https://docs.pytorch.org/docs/stable/generated/torch.optim.Optimizer.step.html
    """

    code: ClassVar[str] = "LOS416"
    name: ClassVar[str] = "step-not-called"
    severity: ClassVar[Severity] = Severity.ERROR
    category: ClassVar[str] = "training-loop"

    def check_missing_call(self, found: MissingCall) -> Iterator[Diagnosis]:
        """A method that is looked up and thrown away."""
        yield Diagnosis(
            found.place,
            f"`{found.title}` is not called: this statement does nothing",
            f"write `{found.title}()`",
            fix=called(found.place),
        )
