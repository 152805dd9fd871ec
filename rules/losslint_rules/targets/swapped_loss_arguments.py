"""LOS205: target first, output second."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.trail import steps_of
from losslint.analysis.domain.values import Act, TargetKind, Tensor, Unknown
from losslint.analysis.events import LossCall
from losslint.analysis.objective.criteria import Expects
from losslint.finding import Confidence, Severity
from losslint.rewriting import exchanged_arguments
from losslint.rule import Diagnosis, Rule


class SwappedLossArguments(Rule):
    """The target stands first and the model's output second.

    ## What it does

    Reports calls of cross entropy, negative log-likelihood and the binary cross entropies whose
    second argument is the output of a model, with its gradient, while the first one is data: a
    tensor that no model has touched, or something called `target`, `labels` or `y`. Where the
    second one is the raw output of a layer, which is no target for a loss that takes logits, the
    first may have any name but that of an output, unless something unknown computed it.

    ## Why it matters

    Torch takes the output first, scikit-learn takes the truth first. Where the loss is not
    symmetric the difference is silent or strange:

    - `binary_cross_entropy(y, p)` takes the logarithm of the truth. For the targets 1 and 0 and
      the very good predictions 0.9 and 0.2 it reads 15.0, because log(0) is clamped at -100, and
      its gradient is infinite.
    - `binary_cross_entropy_with_logits(y, z)` runs without complaint. It is linear in the
      outputs, so that it has no minimum.
    - `cross_entropy(y, z)` with class indices raises: "not implemented for 'Long'".

    ## Example

    ```python
    probs = torch.sigmoid(model(x))
    loss = F.binary_cross_entropy(y, probs)
    ```

    ## Instead

    ```python
    loss = F.binary_cross_entropy_with_logits(model(x), y)
    ```

    ## When it is fine

    With a mean squared or absolute error the order makes no difference, and it is not reported.

    ## Fix

    Unsafe: the two arguments are exchanged.

    ## References

    - torch: [BCELoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.BCELoss.html)
    - torch: [CrossEntropyLoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html)
    """

    code: ClassVar[str] = "LOS205"
    name: ClassVar[str] = "swapped-loss-arguments"
    severity: ClassVar[Severity] = Severity.ERROR
    category: ClassVar[str] = "targets"

    every_path: ClassVar[bool] = True

    def check_loss_call(self, call: LossCall) -> Iterator[Diagnosis]:
        """Data stands first, and what a model computes second."""
        target = call.target
        if call.criterion.expects is Expects.ANYTHING or call.evaluating:
            return
        if not isinstance(target, Tensor) or not target.grad or not target.deps:
            return
        given = call.input
        labels = isinstance(given, Tensor) and (
            given.target is TargetKind.INDICES or given.shape == "arange"
        )
        if target.act is Act.UNKNOWN and not labels:
            return
        if isinstance(given, Tensor):
            data = not given.grad and not given.deps and given.act is Act.UNKNOWN
            confidence = Confidence.HIGH
        else:
            # where it comes from is not known; then its name has to say it, or what stands second
            data = (
                isinstance(given, Unknown)
                and not given.deps
                and (bool(_DATA.search(call.given)) or (given.key is None and _are_logits(call)))
            )
            confidence = Confidence.MEDIUM
        if data:
            yield Diagnosis(
                call.place,
                f"{call.title} takes the output first and the target second, but `{call.given}` "
                "is data and the second argument is the output of a model",
                "swap the arguments",
                (*steps_of(target.trail), *call.built),
                min(confidence, target.confidence),
                fix=exchanged_arguments(call.place),
            )


def _are_logits(call: LossCall) -> bool:
    """Whether the logits that a criterion takes first are given second, going by what is known."""
    return (
        call.criterion.expects in (Expects.LOGITS, Expects.BINARY_LOGITS)
        and isinstance(call.target, Tensor)
        and call.target.act is Act.RAW
        and _OUTPUT.search(call.given) is None
    )


_DATA = re.compile(
    r"(^|[._])(targets?|labels?|truth|gt|y|y_?true|tags?)"
    r"(_|$|\d|(\.(view|reshape|flatten|squeeze|unsqueeze|to|cuda|float|long)\(\.\.\.\))+$)",
    re.IGNORECASE,
)
_OUTPUT = re.compile(r"logit|pred|out|score|hat|student|hypothes", re.IGNORECASE)
