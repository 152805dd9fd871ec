"""LOS206: a bounded output that is to reach large targets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.trail import Step
from losslint.analysis.domain.values import Act, Tensor
from losslint.analysis.events import Family, LossCall
from losslint.finding import Severity
from losslint.rule import Diagnosis, Rule


class BoundedOutputForUnboundedTarget(Rule):
    """A sigmoid, tanh or softmax is regressed on targets far outside its range.

    ## What it does

    Reports regression losses between the output of a sigmoid, tanh or softmax and targets that
    the script itself makes of large numbers: constants of 10 and more, products with them, whole
    numbers drawn up to them. Where anything is subtracted from the targets or divides them, they
    count as normalised. Advice: off unless it is selected.

    ## Why it matters

    A sigmoid cannot give more than 1. Towards a target of 30 it runs against its bound: after a
    hundred steps it gives 0.998 and the loss stays at 841. What is left of the gradient fades with
    its slope, so nothing recovers later either.

    ## Example

    ```python
    model = nn.Sequential(nn.Linear(4, 1), nn.Sigmoid())
    temperature = 15 + 10 * torch.randn(64, 1)

    loss = F.mse_loss(model(x), temperature)
    ```

    ## Instead

    ```python
    model = nn.Linear(4, 1)
    scaled = (temperature - temperature.mean()) / temperature.std()

    loss = F.mse_loss(model(x), scaled)
    ```

    ## When it is fine

    Where the targets lie in the range of the activation: pixels between 0 and 1 for a sigmoid,
    between -1 and 1 for a tanh.

    ## References

    - torch: [Sigmoid](https://docs.pytorch.org/docs/stable/generated/torch.nn.Sigmoid.html)
    - Bishop: Pattern Recognition and Machine Learning (2006), section 5.2, on output activations
    """

    code: ClassVar[str] = "LOS206"
    name: ClassVar[str] = "bounded-output-for-unbounded-target"
    severity: ClassVar[Severity] = Severity.ADVICE
    category: ClassVar[str] = "targets"

    def check_loss_call(self, call: LossCall) -> Iterator[Diagnosis]:
        """A bounded output meets targets that are known to be large."""
        target = call.target
        if call.criterion.family is not Family.REGRESSION or call.activation not in _BOUNDED:
            return
        if isinstance(target, Tensor) and target.scale is not None:
            name = _BOUNDED[call.activation]
            found = Diagnosis.of_input(
                call,
                f"`{call.given}` is the output of a {name} and cannot exceed 1, but the target of "
                f"{call.title} reaches {target.scale.size:g}",
                f"leave the {name} out, or scale the targets to its range",
            )
            made = Step(target.scale.place, "the target gets its scale here")
            yield Diagnosis(
                found.at, found.message, found.help, (*found.trail, made), found.confidence
            )


_BOUNDED = {Act.SIGMOID: "sigmoid", Act.TANH: "tanh", Act.SOFTMAX: "softmax"}
