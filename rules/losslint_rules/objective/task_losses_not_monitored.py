"""LOS505: several tasks are trained, and only the sum of their losses is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.trail import Step
from losslint.analysis.events import TotalAlone
from losslint.finding import Severity
from losslint.rule import Diagnosis, Rule


class TaskLossesNotMonitored(Rule):
    """Losses of several tasks are added, and only their sum is printed or logged.

    ## What it does

    Looks for sums of losses of different kinds (a classification and a regression, say) that are
    minimised batch by batch, where the sum is read, printed or logged and none of the terms ever
    is, nor is it returned, stored or computed again in an evaluation. Advice: off unless it is
    selected.

    ## Why it matters

    The sum is what the largest term makes of it. A shared layer with a head for 3 classes and one
    for a target around 20 was trained for 50 steps: the sum fell by 98%, from 439 to 6.8. The cross
    entropy in it went from 1.12 to 1.07, where guessing has 1.10. One task was not learnt at all,
    and no curve says so. A term that rises, that is NaN for some batches, or that has reached zero
    stays hidden in the same way.

    ## Example

    ```python
    loss = loss_class + 0.1 * loss_size
    loss.backward()
    writer.add_scalar("loss", loss.item(), step)
    ```

    ## Instead

    ```python
    loss = loss_class + 0.1 * loss_size
    loss.backward()
    writer.add_scalar("loss", loss.item(), step)
    writer.add_scalar("loss/class", loss_class.item(), step)
    writer.add_scalar("loss/size", loss_size.item(), step)
    ```

    ## When it is fine

    Where each task has a metric of its own, which says more than its loss does: the rule is silent
    where decisions of the classifier are made or its outputs are read. Terms that belong together
    by derivation (reconstruction and divergence, policy and value) are silent.

    ## Objections

    *"I will tune the loss later."* By what? The total cannot say: with losses of 1.0 and 4.0
    it is 5.0, and 1.4 once the second has a weight of 0.1, though nothing was learnt in
    between. The terms without their weights can be compared.

    ## References

    - Karpathy: A recipe for training neural networks (2019),
      https://karpathy.github.io/2019/04/25/recipe/
    """

    code: ClassVar[str] = "LOS505"
    name: ClassVar[str] = "task-losses-not-monitored"
    severity: ClassVar[Severity] = Severity.ADVICE
    category: ClassVar[str] = "objective"

    def check_total_alone(self, found: TotalAlone) -> Iterator[Diagnosis]:
        """A sum of losses of several tasks that is all that is looked at."""
        names = " and ".join(dict.fromkeys(term.label for term in found.terms))
        yield Diagnosis(
            found.place,
            f"only the sum of {names} is looked at: whether each of the tasks is learnt, it does "
            "not tell",
            "log each loss as well as their sum",
            tuple(Step(term.place, f"{term.label} computed here") for term in found.terms),
        )
