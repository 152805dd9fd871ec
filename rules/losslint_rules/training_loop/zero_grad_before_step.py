"""LOS402: gradients are zeroed before a step uses them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.trail import Step
from losslint.analysis.events import LostGradients, TrainingLoop
from losslint.finding import Severity
from losslint.rewriting import not_zeroed_each_round, zeroed_before_backward
from losslint.rule import Diagnosis, Rule


class ZeroGradBeforeStep(Rule):
    """Gradients are zeroed between backward and step, so that the step does not see them.

    ## What it does

    Looks for a `zero_grad()` (or another form of zeroing) that comes after the `backward` which
    filled an optimizer's gradients and before the `step` that should use them. It also looks for
    gradients that are to be accumulated, with a step in every so many rounds of the loop or behind
    it, and that are zeroed in each of them.

    ## Why it matters

    The model does not learn, and nothing raises. `zero_grad()` sets `.grad` to None, and an
    optimizer skips parameters without a gradient: after two hundred rounds every weight is the
    one it was initialised with, and the loss is the one of the first batch, 17.7647 before
    and 17.7647 after in a small regression. With `zero_grad(set_to_none=False)` it is worse to
    recognise, since the weights do move: AdamW still applies its weight decay and shrinks them
    (five steps at learning rate 0.1 and decay 0.1 leave 95.1% of each weight).

    Where gradients are zeroed in every round and the step is made in every fourth, the model does
    learn, but of the fourth batch only: three quarters of the computing are thrown away, and the
    effective batch is no larger than a single one.

    ## Example

    ```python
    for images, labels in loader:
        loss = criterion(model(images), labels)
        loss.backward()
        optimizer.zero_grad()
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

    Right after the step is as good as right before the backward pass.

    ## When it is fine

    When the zeroed gradients are other ones: the generator's loss leaves gradients in the
    discriminator, and `D.zero_grad()` throws them away before the discriminator's own backward
    pass while the generator's step is still to come. The rule keeps optimizers apart, and is
    silent there. It is also silent where gradients were read or stored before they are zeroed,
    as in methods that compare the gradients of several tasks. Where other optimizers step in the
    rounds in between, as those of a critic do, gradients are left unused on purpose, and nothing is
    said.

    ## Fix

    Unsafe: the statement moves to before backward; where there is one already it is removed. So is
    one in every round where there is another behind the step.

    ## References

    - torch.optim.Optimizer.zero_grad,
      https://docs.pytorch.org/docs/stable/generated/torch.optim.Optimizer.zero_grad.html
    - PyTorch tutorial: Optimizing model parameters,
      https://docs.pytorch.org/tutorials/beginner/basics/optimization_tutorial.html
    """

    code: ClassVar[str] = "LOS402"
    name: ClassVar[str] = "zero-grad-before-step"
    severity: ClassVar[Severity] = Severity.ERROR
    category: ClassVar[str] = "training-loop"

    def check_training_loop(self, loop: TrainingLoop) -> Iterator[Diagnosis]:
        """A zeroing between backward and step."""
        if loop.cleared is None:
            return
        yield Diagnosis(
            loop.cleared,
            f"the gradients of `{loop.optimizer}` are zeroed between backward and step: the step "
            "sees none",
            "zero before backward, or after the step",
            (
                Step(loop.backward, "gradients are computed here"),
                Step(loop.step, "and used here, after they were zeroed"),
            ),
            loop.confidence,
            fix=zeroed_before_backward(loop),
        )

    def check_lost_gradients(self, found: LostGradients) -> Iterator[Diagnosis]:
        """A zeroing in every round of a loop that steps in some rounds only."""
        count = found.count if found.count.isdigit() else f"`{found.count}`"
        steps, use = f"once in {count} rounds", "in some rounds only"
        if not found.count:
            steps, use = "behind the loop", "after the last round"
        trail: tuple[Step, ...] = (
            Step(found.backward, "gradients are computed here, in every round"),
            Step(found.step, f"and used here, {use}"),
        )
        if found.again is not None:
            trail = (*trail, Step(found.again, "here they are zeroed behind the step"))
        yield Diagnosis(
            found.place,
            f"the gradients of `{found.optimizer}` are zeroed in every round, but it steps only "
            f"{steps}: what the other rounds add is lost",
            _way(found),
            trail,
            found.confidence,
            fix=not_zeroed_each_round(found),
        )


def _way(found: LostGradients) -> str:
    if not found.count:
        return f"step in every round, or zero the gradients after `{found.optimizer}.step()`"
    if found.again is not None:
        return "take this one out: they are zeroed behind the step already"
    return f"zero the gradients where it steps, after `{found.optimizer}.step()`"
