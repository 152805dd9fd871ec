"""LOS202: whole numbers as targets of a binary cross entropy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.trail import steps_of
from losslint.analysis.domain.values import DType, Tensor
from losslint.analysis.events import LossCall
from losslint.finding import Severity
from losslint.rewriting import float_target
from losslint.rule import Diagnosis, Rule


class IntegerBceTarget(Rule):
    """Integer or boolean targets reach a binary cross entropy.

    ## What it does

    Reports calls of `BCELoss`, `BCEWithLogitsLoss` and their functions whose target was made
    whole or boolean: by `.long()`, `torch.randint`, `torch.argmax`, `F.one_hot`, a comparison, or
    a data set that returns a Python `int` or `bool`.

    ## Why it matters

    A binary cross entropy multiplies the target with logarithms and wants it as floating point,
    like the input. Everything else raises at the first batch: "Found dtype Long but expected
    Float", or "result type Float can't be cast to the desired output type Long".

    Cross entropy wants the opposite, class indices as int64, so this is what is left where one
    was changed into the other.

    ## Example

    ```python
    y = torch.randint(0, 2, (32,))
    loss = F.binary_cross_entropy_with_logits(model(x).squeeze(1), y)  # raises
    ```

    ## Instead

    ```python
    y = torch.randint(0, 2, (32,))
    loss = F.binary_cross_entropy_with_logits(model(x).squeeze(1), y.float())
    ```

    ## When it is fine

    It never runs. Where a conversion is out of sight, as in the code of a data set from another
    package, losslint stays silent.

    ## Fix

    Safe: `.float()` behind the target. The old code raised.

    ## References

    - torch: [BCEWithLogitsLoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html)
    - torch: [BCELoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.BCELoss.html)
    """

    code: ClassVar[str] = "LOS202"
    name: ClassVar[str] = "integer-bce-target"
    severity: ClassVar[Severity] = Severity.ERROR
    category: ClassVar[str] = "targets"

    def check_loss_call(self, call: LossCall) -> Iterator[Diagnosis]:
        """A binary cross entropy gets whole numbers."""
        target = call.target
        if call.criterion.name not in _BINARY or not isinstance(target, Tensor):
            return
        if target.dtype in (DType.INT, DType.BOOL):
            kind = "integers" if target.dtype is DType.INT else "booleans"
            yield Diagnosis(
                call.place,
                f"the target of {call.title} holds {kind}, but it has to be of the input's "
                "floating-point type: the call raises",
                "convert it: target.float()",
                (*steps_of(target.trail), *call.built),
                target.confidence,
                fix=float_target(call.place),
            )


_BINARY = ("BCELoss", "BCEWithLogitsLoss")
