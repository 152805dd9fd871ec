"""LOS413: the optimizer holds the parameters of another model than the loss depends on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.trail import Place, Step
from losslint.analysis.events import IdleStep, UnheldModel
from losslint.finding import Severity
from losslint.rule import Diagnosis, Rule


class OptimizerOfOtherModel(Rule):
    """The optimizer that steps holds no parameter that any loss of the loop depends on.

    ## What it does

    Follows which modules each backpropagated loss depends on, and which modules' parameters each
    optimizer was given. An optimizer that steps in a loop where no loss reaches any of its
    parameters is reported. Everything has to be known for that: one model, loss or optimizer that
    cannot be followed keeps the rule silent. So is one that zeroes its gradients and steps, where
    only losses of other modules are backpropagated in between, on no branch and in plain sight.

    Where two optimizers that step in the same round hold one and the same model, and a loss depends
    on another model that none holds, one of the two is reported, unless the program freezes that
    model, loads its weights, or writes to its parameters.

    ## Why it matters

    Backward fills the gradients of one model and the step looks for those of another. It finds
    None and skips every parameter: neither model learns, and nothing raises. It happens when a
    model is built again after its optimizer was made, when a line is copied for a second optimizer
    and still names the first model, when a script is copied for a second network
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
    whose turn comes in another loop. Two optimizers of one model are fine where everything that is
    to learn is held by one, as in an adversarial autoencoder.

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
                f"{_reach(found)} depends on the parameters of `{found.optimizer}`: this step "
                "changes nothing",
                "give the optimizer the parameters of the model that is trained"
                if found.zeroed is None
                else "step with the optimizer of the model that is trained, or let the loss reach "
                "this one's",
                _steps(found.zeroed, found.backward),
            )

    def check_unheld_model(self, found: UnheldModel) -> Iterator[Diagnosis]:
        """A model that nothing updates, beside one that two optimizers update."""
        twin = f"as `{found.twin}` does" if found.twin else "as another optimizer does"
        name = f"`{found.optimizer}`" if found.optimizer else "this optimizer"
        yield Diagnosis(
            found.place,
            f"{name} holds the parameters of the same model {twin}, and nothing updates "
            f"`{found.model}`",
            f"give one of the two the parameters of `{found.model}`",
            (Step(found.backward, f"this loss depends on `{found.model}`"),),
        )


def _reach(found: IdleStep) -> str:
    if found.zeroed is None:
        return "no loss that is backpropagated"
    return "no loss that is backpropagated since its gradients were zeroed"


def _steps(zeroed: Place | None, backward: Place) -> tuple[Step, ...]:
    first = () if zeroed is None else (Step(zeroed, "zeroed here"),)
    return (*first, Step(backward, "this loss depends on other modules"))
