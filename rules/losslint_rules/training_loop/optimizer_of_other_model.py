"""LOS413: the optimizer holds the parameters of another model than the loss depends on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.trail import Step
from losslint.analysis.events import IdleStep
from losslint.finding import Severity
from losslint.rule import Diagnosis, Rule


class OptimizerOfOtherModel(Rule):
    """The optimizer that steps holds no parameter that any loss of the loop depends on.

    ## What it does

    Follows which modules each backpropagated loss depends on, and which modules' parameters each
    optimizer was given. An optimizer that steps in a loop where no loss reaches any of its
    parameters is reported. Everything has to be known for that: one model, loss or optimizer that
    cannot be followed keeps the rule silent.

    ## Why it matters

    Backward fills the gradients of one model and the step looks for those of another. It finds
    None and skips every parameter: neither model learns, and nothing raises. It happens when a
    model is built again after its optimizer was made, when a script is copied for a second network
    (`SGD(student.parameters())` became `SGD(teacher.parameters())`), and when the output was
    detached on its way to the only loss that should train it.

    ## Example

    ```python
    optimizer = torch.optim.Adam(encoder.parameters())
    for x, y in loader:
        loss = criterion(classifier(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    ```

    ## Instead

    ```python
    optimizer = torch.optim.Adam(classifier.parameters())
    ```

    ## When it is fine

    An optimizer of several models, of which a loss reaches only some, is not reported, nor is one
    whose turn comes in another loop.

    ## References

    - torch.optim, "Constructing it",
      https://docs.pytorch.org/docs/stable/optim.html#constructing-it
    """

    code: ClassVar[str] = "LOS413"
    name: ClassVar[str] = "optimizer-of-other-model"
    severity: ClassVar[Severity] = Severity.ERROR
    category: ClassVar[str] = "training-loop"

    def check_idle_step(self, found: IdleStep) -> Iterator[Diagnosis]:
        """A step with parameters that no backward reaches."""
        if found.backward is not None:
            yield Diagnosis(
                found.place,
                f"no loss that is backpropagated depends on the parameters of `{found.optimizer}`: "
                "this step changes nothing",
                "give the optimizer the parameters of the model that is trained",
                (Step(found.backward, "this loss depends on other modules"),),
            )
