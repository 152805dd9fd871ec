"""LOS207: regression on targets of large scale as they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.trail import Step
from losslint.analysis.domain.values import Act, Tensor
from losslint.analysis.events import Family, LossCall
from losslint.finding import Severity
from losslint.rule import Diagnosis, Rule


class UnnormalizedRegressionTarget(Rule):
    """A model is regressed on targets of large scale that nothing normalises.

    ## What it does

    Reports regression losses of a layer's raw output against targets that the script itself makes
    of numbers of 100 and more. Where anything is subtracted from the targets or divides them,
    they count as normalised. Advice: off unless it is selected.

    ## Why it matters

    A fresh network gives outputs near 0, and an optimizer with steps of a fixed size, such as
    Adam, takes long to carry them to 300. The squares make it worse: for targets of 300 with a
    spread of 77 the first loss is about 94,000, and so are the gradients that the clipping, the
    learning rate and any other loss term have to live with.

    On 256 such samples, 200 steps of Adam at a learning rate of 0.01 left a small network 145 off
    on average. With targets of mean 0 and spread 1, and the outputs scaled back, it was 1.6.

    ## Example

    ```python
    price = 300 + 50 * torch.randn(256, 1)
    loss = F.mse_loss(model(x), price)
    ```

    ## Instead

    ```python
    price = 300 + 50 * torch.randn(256, 1)
    mean, spread = price.mean(), price.std()
    loss = F.mse_loss(model(x), (price - mean) / spread)

    predicted = model(x) * spread + mean
    ```

    Take mean and spread from the training data alone, and keep them with the model.

    ## When it is fine

    Where the last layer starts at the right place, its bias set to the mean of the targets, or
    where the loss is relative.

    ## References

    - LeCun, Bottou, Orr, Müller: Efficient BackProp (1998),
      https://doi.org/10.1007/3-540-49430-8_2
    - torch: [MSELoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.MSELoss.html)
    """

    code: ClassVar[str] = "LOS207"
    name: ClassVar[str] = "unnormalized-regression-target"
    severity: ClassVar[Severity] = Severity.ADVICE
    category: ClassVar[str] = "targets"

    def check_loss_call(self, call: LossCall) -> Iterator[Diagnosis]:
        """A raw output meets targets that are known to be large."""
        given, target = call.input, call.target
        if call.criterion.family is not Family.REGRESSION or call.evaluating:
            return
        if not isinstance(given, Tensor) or given.act is not Act.RAW or not given.deps:
            return
        if not isinstance(target, Tensor) or target.scale is None or target.scale.size < _LARGE:
            return
        yield Diagnosis(
            call.place,
            f"the target of {call.title} is of the order of {target.scale.size:g}, and nothing "
            "normalises it",
            "subtract the mean and divide by the standard deviation of the training targets",
            (Step(target.scale.place, "the target gets its scale here"), *call.built),
            given.confidence,
        )


_LARGE = 100.0
