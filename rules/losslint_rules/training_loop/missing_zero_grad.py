"""LOS401: a training loop that never zeroes the gradients it steps with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.trail import Step
from losslint.analysis.events import TrainingLoop, Zeroing
from losslint.finding import Severity
from losslint.rewriting import zeroed_each_round
from losslint.rule import Diagnosis, Rule


class MissingZeroGrad(Rule):
    """A training loop runs backward and step and never zeroes these gradients.

    ## What it does

    Follows what happens to each optimizer's gradients in one round of the innermost loop that
    holds both `backward` and `step`. If no path of the round zeroes them, it reports the step,
    and if a round steps twice and zeroes once, the second step. Zeroing counts in any form and
    at any place of the round: `optimizer.zero_grad()`, `model.zero_grad()`, `p.grad = None`,
    `p.grad.zero_()`, in a helper function, before the forward pass, between forward and
    backward, after the step, under a modulus for gradient accumulation. Libraries that do it
    themselves (automatic optimisation in Lightning, the Trainer of transformers) are not asked
    for it.

    ## Why it matters

    `backward` adds to `.grad`, it does not replace it. A loss with gradient 3 leaves 3, then 6,
    9, 12 after four rounds: each step uses the sum of all gradients since the start, which is a
    momentum that never forgets. A linear regression by SGD (learning rate 0.1) that reaches an
    error of 0.04 in ten steps and 0.0000 in fifty stands at 6.4 and 8.6 without zeroing, and
    has grown beyond 1,000 after two hundred. Adam hides the fault for longer: at 0.01 the error
    is lower at first (4.8 against 7.9 after a hundred steps), then climbs to 5.6 where 0.6 is
    reached after four hundred. Nothing raises, and a curve that falls at first looks like a bad
    learning rate.

    ## Example

    ```python
    for images, labels in loader:
        loss = criterion(model(images), labels)
        loss.backward()
        optimizer.step()
    ```

    ## Instead

    ```python
    for images, labels in loader:
        optimizer.zero_grad()
        loss = criterion(model(images), labels)
        loss.backward()
        optimizer.step()
    ```

    With several optimizers, each needs its own: `D.zero_grad()` does nothing for the gradients
    that the generator's loss left in `G`.

    ## When it is fine

    When gradients are meant to add up over several batches, both step and zeroing belong under
    the same condition, and the rule is silent. A loop without `backward` (it calls
    `torch.autograd.grad`, or runs `dist_autograd`, which keeps gradients in a context of its
    own) has nothing to zero, nor has a single step outside any loop. A second step of a round may
    use the gradients of the first on purpose where the weights were set back between the two.

    ## Fix

    Unsafe: `zero_grad()` is inserted before backward, or behind a step that is not taken in every
    round, so that gradients that are meant to add up still do.

    ## References

    - torch.optim.Optimizer.zero_grad,
      https://docs.pytorch.org/docs/stable/generated/torch.optim.Optimizer.zero_grad.html
    - PyTorch recipes: Zeroing out gradients in PyTorch,
      https://docs.pytorch.org/tutorials/recipes/recipes/zeroing_out_gradients.html
    """

    code: ClassVar[str] = "LOS401"
    name: ClassVar[str] = "missing-zero-grad"
    severity: ClassVar[Severity] = Severity.ERROR
    category: ClassVar[str] = "training-loop"

    def check_training_loop(self, loop: TrainingLoop) -> Iterator[Diagnosis]:
        """An optimizer that is stepped in a loop in which nothing zeroes its gradients."""
        if loop.zeroing not in _WHERE:
            return
        again = loop.zeroing is Zeroing.EARLIER
        steps = [Step(loop.backward, "gradients are added here" + " in every round" * (not again))]
        if loop.zeroed is not None:
            steps.append(Step(loop.zeroed, f"zeroed here, but only {_WHERE[loop.zeroing]}"))
        said = (
            f"nothing zeroes the gradients of `{loop.optimizer}` since its step before, in the "
            "same round: this step uses them a second time"
            if again
            else f"nothing zeroes the gradients of `{loop.optimizer}` between its steps: each step "
            "uses the sum of all gradients since the start"
        )
        when = "between the two steps" if again else "in every round"
        yield Diagnosis(
            loop.step,
            said,
            f"call `{loop.optimizer}.zero_grad()` {when}, before backward",
            tuple(steps),
            loop.confidence,
            fix=zeroed_each_round(loop),
        )


_WHERE = {
    Zeroing.EARLIER: "before the first step of a round",
    Zeroing.ELSEWHERE: "in another branch",
    Zeroing.BEFORE: "before the loop",
    Zeroing.NEVER: "",
}
