"""LOS511: a loss is computed and goes nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.trail import Step
from losslint.analysis.events import UnusedLoss as Unused
from losslint.finding import Severity
from losslint.rule import Diagnosis, Rule


class UnusedLoss(Rule):
    """A loss is computed, and overwritten or left before anything reads it.

    ## What it does

    Looks for a loss with its graph whose value nothing can use: its variable gets another value
    on every path before it is read, or is never read again, or the criterion is called and its
    result dropped. It is reported only where something else is trained with: in a loop that calls
    backward, or in a function that returns another loss. A total of which only one term is
    backpropagated is such a loss, too.

    ## Why it matters

    A term that is not in what is backpropagated trains nothing, and nothing says so: the script
    runs, the other terms go down, and the part of the model that only this term was for stays as
    it was initialised. For a network with two heads of which one has its loss overwritten
    (`loss = ...` twice, where `loss += ...` was meant), the gradient of the other head's weights
    is None after backward, and Adam leaves them as they are. In relativistic GANs, where the loss
    of the generator compares its images with real ones, a leftover line of an older loss behind
    the new one turns it into the older kind of GAN.

    ## Example

    ```python
    loss = F.cross_entropy(shape_head(features), shapes)
    loss = F.cross_entropy(colour_head(features), colours)
    loss.backward()
    ```

    ## Instead

    ```python
    loss = F.cross_entropy(shape_head(features), shapes)
    loss = loss + F.cross_entropy(colour_head(features), colours)
    loss.backward()
    ```

    A sum that goes on in the next line needs parentheses: `+ 0.1 * other_loss` on a line of its
    own is a statement that does nothing.

    Or remove the line: computing a loss that is not used costs a forward pass of its own.

    ## When it is fine

    A loss that is logged, printed, returned, kept in an attribute, a list or a dict, or compared
    is used, and so is one that a function inside may read. `_ = criterion(output, target)` says
    that the value is dropped on purpose. What is computed under `no_grad`, or in a loop without a
    backward such as one that validates, is left alone.

    ## References

    - Jolicoeur-Martineau: The relativistic discriminator (2018), https://arxiv.org/abs/1807.00734
    - torch.Tensor.backward,
      https://docs.pytorch.org/docs/stable/generated/torch.Tensor.backward.html
    """

    code: ClassVar[str] = "LOS511"
    name: ClassVar[str] = "unused-loss"
    severity: ClassVar[Severity] = Severity.WARNING
    category: ClassVar[str] = "objective"

    def check_unused_loss(self, found: Unused) -> Iterator[Diagnosis]:
        """A loss that nothing can use."""
        loss = f"the loss in `{found.name}`" if found.name else "this loss"
        trail: tuple[Step, ...] = ()
        if found.overwritten is not None:
            trail = (Step(found.overwritten, f"`{found.name}` gets another value here"),)
        what = "is overwritten before anything reads it" if trail else "is never used"
        if found.alone:
            yield Diagnosis(
                found.place,
                f"the total in `{found.name}` {what}: `{found.alone}` alone is backpropagated",
                f"call `{found.name}.backward()` instead, or remove the total",
                trail,
            )
            return
        yield Diagnosis(
            found.place,
            f"{loss} {what}, so it trains nothing",
            "add it to the loss that is backpropagated, or remove it",
            trail,
        )
