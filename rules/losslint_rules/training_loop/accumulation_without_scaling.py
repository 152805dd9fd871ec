"""LOS411: gradients of several batches add up, and the loss is not divided by their number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.trail import Step
from losslint.analysis.events import UnscaledAccumulation
from losslint.finding import Severity
from losslint.rewriting import divided
from losslint.rule import Diagnosis, Rule


class AccumulationWithoutScaling(Rule):
    """Gradients of several batches are added up, and the loss is not divided by their number.

    ## What it does

    Looks for a loop that calls backward in each round on the mean loss of a batch, and steps and
    zeroes an optimizer only every so many rounds: `if (i + 1) % accumulate == 0:`. Also for an
    inner loop that takes a batch apart, by `split`, `chunk` or slices, and does so for each part,
    where the step stands behind it. A loop that hands a state on from part to part goes through a
    sequence, and is left alone.

    ## Why it matters

    Accumulation is there to get the gradient of a batch that does not fit into memory. That is
    the mean over all its samples; backward adds, so that k rounds leave k times as much. To SGD
    this is a learning rate k times as high, which nobody set and which changes whenever the number
    of rounds is changed to fit another card. On a linear regression that SGD solves with a learning
    rate of 0.2, where the loss is below 10^-10 after 40 steps of eight rounds each, the unscaled
    losses end above 10^27. A limit for clipping that fits the large batch cuts all of its
    gradients then, too.

    ## Example

    ```python
    for i, (x, y) in enumerate(loader):
        loss = criterion(model(x), y)
        loss.backward()
        if (i + 1) % accumulate == 0:
            optimizer.step()
            optimizer.zero_grad()
    ```

    ## Instead

    ```python
    for i, (x, y) in enumerate(loader):
        loss = criterion(model(x), y)
        (loss / accumulate).backward()
        if (i + 1) % accumulate == 0:
            optimizer.step()
            optimizer.zero_grad()
    ```

    ## When it is fine

    When the learning rate was divided instead. Optimizers such as Adam divide the gradient by its
    own size, so that a constant factor hardly matters to them: where the optimizer is known to be
    one, the rule is silent. A loss that is multiplied or divided by anything, a sum over the batch
    and a backward that a framework does are left alone.

    ## Fix

    Unsafe: the loss is divided by the number of batches where backward is called on it. Steps
    become smaller by that factor, so a learning rate that was tuned before is too small then.

    ## References

    - Accelerate, "Performing gradient accumulation",
      https://huggingface.co/docs/accelerate/usage_guides/gradient_accumulation
    - Goyal et al.: Accurate, large minibatch SGD (2017), https://arxiv.org/abs/1706.02677
    """

    code: ClassVar[str] = "LOS411"
    name: ClassVar[str] = "accumulation-without-scaling"
    severity: ClassVar[Severity] = Severity.WARNING
    category: ClassVar[str] = "training-loop"

    def check_unscaled_accumulation(self, found: UnscaledAccumulation) -> Iterator[Diagnosis]:
        """A whole loss is backpropagated in each round, and stepped with every so many."""
        if found.parts:
            yield Diagnosis(
                found.place,
                f"the gradients of the parts of a batch add up over `{found.count}` before "
                f"`{found.optimizer}` steps: they become as many times too large",
                "backpropagate the loss times the share of the part: "
                "`loss * len(part) / len(batch)`",
                (Step(found.step, "stepped here, once a batch"),),
            )
            return
        yield Diagnosis(
            found.place,
            f"gradients add up over `{found.count}` batches before `{found.optimizer}` steps: they "
            "become as many times too large",
            f"backpropagate the loss divided by `{found.count}`",
            (Step(found.step, "stepped here, every so many batches"),),
            fix=divided(found),
        )
