"""LOS309: a binary cross entropy written out with the logarithms of a sigmoid."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.values import Sign
from losslint.analysis.events import OperationInLoss, OperationKind
from losslint.finding import Severity
from losslint.rewriting import with_logits_in_one_step
from losslint.rule import Diagnosis, Rule


class ManualBce(Rule):
    """A binary cross entropy is written out with the logarithms of a sigmoid.

    ## What it does

    Looks on the way to a loss for `y * log(p) + (1 - y) * log(1 - p)` where `p` is the output of
    a sigmoid, with a guard or without one, also where its two parts are statements of their own
    and where the sigmoid lies in another file. The two findings of log-of-softmax (LOS306) that it
    stands for are not reported besides.

    ## Why it matters

    Without a guard it takes one confident sample to end the training. From a logit of 17 on the
    sigmoid is exactly 1 in float32, `log(1 - p)` is -inf, and the loss is inf for a label of 0.
    For a label of 1, where the prediction is right, it is NaN, for 0 times -inf is NaN. Below -89
    the gradient is NaN as well.

    With a guard the loss stays finite, and the gradient goes. At a logit of 20 and a label of 0,
    as wrong as can be, `p.clamp(1e-7, 1 - 1e-7)` and `log(1 - p + 1e-8)` both have a gradient of
    exactly 0 where `binary_cross_entropy_with_logits` has 1, and read 15.9 and 18.4 instead of 20.
    The worst mistakes are those that are never mended.

    ## Example

    ```python
    p = torch.sigmoid(model(x)).clamp(1e-7, 1 - 1e-7)
    loss = -(y * torch.log(p) + (1 - y) * torch.log(1 - p)).mean()
    ```

    ## Instead

    ```python
    loss = F.binary_cross_entropy_with_logits(model(x), y)
    ```

    It takes the logits, is exact for all of them, and has `weight`, `pos_weight` and `reduction`
    for what is often the reason to write it out.

    ## When it is fine

    An entropy `p * log(p) + (1 - p) * log(1 - p)` has no target and is not reported, and neither
    are terms with more factors, such as those of a focal loss, which are no cross entropy. Where
    the sigmoid cannot be seen the rule is silent.

    ## Objections

    *"Papers use another loss."* They write the same one: a formula says what is computed, not how.
    For logits between -10 and 10 the two agree within 1% in value and 0.0001% in gradient; what
    differs is what happens beyond.

    ## Fix

    Unsafe: `binary_cross_entropy_with_logits` with `reduction="none"` in place of the sum,
    where the sigmoid is a variable or stands in the logarithms. A guard goes, and the loss
    raises where logits and labels have different shapes.

    ## References

    - torch.nn.BCEWithLogitsLoss,
      https://docs.pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html
    """

    code: ClassVar[str] = "LOS309"
    name: ClassVar[str] = "manual-bce"
    severity: ClassVar[Severity] = Severity.WARNING
    category: ClassVar[str] = "numerics"

    def check_operation(self, found: OperationInLoss) -> Iterator[Diagnosis]:
        """The sum of both logarithms, each times its label."""
        operation = found.operation
        if operation.kind is not OperationKind.CROSS_ENTROPY:
            return
        guarded = operation.operand.sign is Sign.POSITIVE
        yield Diagnosis(
            operation.place,
            "binary cross entropy written out: its guard takes the gradient of the most wrong "
            "predictions away"
            if guarded
            else "binary cross entropy written out: inf or NaN where the sigmoid rounds to 0 or 1",
            "give the logits to F.binary_cross_entropy_with_logits",
            operation.trail,
            operation.operand.confidence,
            fix=with_logits_in_one_step(operation.place),
        )
