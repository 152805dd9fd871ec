"""LOS414: gradients are zeroed once an epoch and stepped once a batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.trail import Step
from losslint.analysis.events import TrainingLoop, Zeroing
from losslint.finding import Severity
from losslint.rewriting import zeroed_in_the_inner_loop
from losslint.rule import Diagnosis, Rule


class ZeroGradOutsideLoop(Rule):
    """Gradients are zeroed in the outer loop and stepped in the inner one.

    ## What it does

    Looks for an inner loop (over batches) that holds `backward` and `step` for an optimizer,
    where the only zeroing of its gradients stands outside that loop: once an epoch, or once
    before training. The step is reported, the place of the zeroing is shown.

    ## Why it matters

    Only the first batch after the zeroing is stepped with its own gradient. The second step uses
    the sum of two gradients, the eighth the sum of eight, most of them computed for weights that
    no longer exist. A linear regression with eight batches an epoch and SGD (learning rate 0.1)
    is at an error of 0.20 after one epoch and at 0.0000 after ten when zeroed for each batch; with
    zeroing for each epoch it stands at 4.3 and 19.6, and at more than 500 after twenty-five. Adam
    divides by the size of the gradient and so hides most of it: at learning rate 0.05 the error
    after five epochs is 3.0 instead of 2.5.

    ## Example

    ```python
    for epoch in range(epochs):
        optimizer.zero_grad()
        for images, labels in loader:
            loss = criterion(model(images), labels)
            loss.backward()
            optimizer.step()
    ```

    ## Instead

    ```python
    for epoch in range(epochs):
        for images, labels in loader:
            optimizer.zero_grad()
            loss = criterion(model(images), labels)
            loss.backward()
            optimizer.step()
    ```

    ## When it is fine

    When the step too stands in the outer loop: gradients of all batches are summed on purpose
    and used once. Gradient accumulation that zeroes before the loop and again whenever it steps
    is silent as well.

    ## Fix

    Unsafe: `zero_grad()` moves into the inner loop.

    ## References

    - torch.optim.Optimizer.zero_grad,
      https://docs.pytorch.org/docs/stable/generated/torch.optim.Optimizer.zero_grad.html
    - PyTorch tutorial: Optimizing model parameters,
      https://docs.pytorch.org/tutorials/beginner/basics/optimization_tutorial.html
    """

    code: ClassVar[str] = "LOS414"
    name: ClassVar[str] = "zero-grad-outside-loop"
    severity: ClassVar[Severity] = Severity.ERROR
    category: ClassVar[str] = "training-loop"

    def check_training_loop(self, loop: TrainingLoop) -> Iterator[Diagnosis]:
        """An optimizer that is zeroed once per outer round and stepped in every inner one."""
        if loop.zeroing is not Zeroing.IN_OUTER_LOOP:
            return
        steps = [Step(loop.backward, "gradients are added here in every round")]
        if loop.zeroed is not None:
            steps.append(Step(loop.zeroed, "zeroed here, once per round of the outer loop"))
        yield Diagnosis(
            loop.step,
            f"`{loop.optimizer}` steps in every round of the inner loop, but its gradients are "
            "zeroed only in the outer one",
            f"move `{loop.optimizer}.zero_grad()` into the inner loop",
            tuple(steps),
            loop.confidence,
            fix=zeroed_in_the_inner_loop(loop),
        )
