"""LOS404: gradients are computed and zeroed, and no optimizer ever uses them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.trail import Step
from losslint.analysis.events import MissingStep as Event
from losslint.finding import Severity
from losslint.rule import Diagnosis, Rule


class MissingStep(Rule):
    """A training loop zeroes an optimizer and backpropagates, and no optimizer steps.

    ## What it does

    Looks for a loop that calls `optimizer.zero_grad()` and `backward`, or zeroes a model for which
    an optimizer is built, where no optimizer steps anywhere in what leads there, in what it calls,
    or in any other way to run the same loop. Where other optimizers do step, it looks for one that
    never does and is zeroed a second time behind its backward, where the step belongs, behind
    whose backward one of the others steps a second time, or whose model has a backward to itself.

    ## Why it matters

    Backward only fills `.grad`; it is the step that changes weights. Without it each round throws
    away the gradient that it paid for, and the loss of the last epoch is that of the first, up to
    the noise of the batches. Nothing raises.

    ## Example

    ```python
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
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

    Gradients that are wanted for themselves (saliency, adversarial examples, a measurement of
    their norm) are computed without an optimizer, and are not reported; nor is a model that is
    zeroed where a backward hook reads the gradients, as in Grad-CAM, or where a benchmark waits
    for the device. Libraries that step by themselves, and unknown functions that are given the
    optimizer or the model, keep the rule silent.

    ## References

    - torch.optim, "Taking an optimization step",
      https://docs.pytorch.org/docs/stable/optim.html#taking-an-optimization-step
    """

    code: ClassVar[str] = "LOS404"
    name: ClassVar[str] = "missing-step"
    severity: ClassVar[Severity] = Severity.ERROR
    category: ClassVar[str] = "training-loop"

    def check_missing_step(self, found: Event) -> Iterator[Diagnosis]:
        """A backward whose gradients nobody uses."""
        if found.instead:
            yield Diagnosis(
                found.zeroed,
                "an optimizer is zeroed before backward and again behind it, and never steps",
                "call `step()` here instead of `zero_grad()`",
                (Step(found.place, "the gradients that are thrown away are computed here"),),
            )
            return
        if found.other is not None:
            yield Diagnosis(
                found.zeroed,
                f"the optimizer that is zeroed here never steps: behind its backward "
                f"`{found.others}` steps a second time",
                "call `step()` there on the optimizer that was zeroed for this backward",
                (Step(found.place, "its gradients"), Step(found.other, "this step uses others")),
            )
            return
        if found.forgotten:
            yield Diagnosis(
                found.place,
                "these gradients are never used: the optimizer that is zeroed for them never steps",
                "call `step()` on it behind this backward",
                (Step(found.zeroed, "it is zeroed here"),),
            )
            return
        yield Diagnosis(
            found.place,
            "these gradients are never used: they are zeroed in this loop, and no optimizer steps",
            "call `optimizer.step()` after backward",
            (Step(found.zeroed, "they are thrown away here in the next round"),),
        )
