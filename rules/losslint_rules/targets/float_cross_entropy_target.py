"""LOS203: class indices that cross entropy refuses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.sizes import ANY, is_one, rank
from losslint.analysis.domain.trail import steps_of
from losslint.analysis.domain.values import DType, TargetKind, Tensor
from losslint.analysis.events import LossCall
from losslint.analysis.objective.criteria import Expects
from losslint.finding import Severity
from losslint.rewriting import index_target
from losslint.rule import Diagnosis, Rule


class FloatCrossEntropyTarget(Rule):
    """Class indices reach cross entropy as floating point, or with a dimension too many.

    ## What it does

    Reports calls of `CrossEntropyLoss`, `NLLLoss` and their functions whose target holds class
    indices that were converted to floating point, or is a floating-point vector beside rows of
    logits, or holds indices of shape (N, 1).

    ## Why it matters

    Cross entropy takes class indices as int64 of shape (N,), or one row of probabilities a
    sample. Anything in between raises at the first batch:

    - floating-point indices: "expected target dtype to be Long or Byte, but got Float";
    - indices of shape (N, 1): "0D or 1D target tensor expected, multi-target not supported".

    ## Example

    ```python
    y = torch.randint(0, 10, (32, 1)).float()
    loss = F.cross_entropy(model(x), y)  # raises
    ```

    ## Instead

    ```python
    y = torch.randint(0, 10, (32, 1))
    loss = F.cross_entropy(model(x), y.squeeze(1))
    ```

    ## When it is fine

    Floating-point rows of shape (N, C) are class probabilities, which cross entropy takes. They
    are not reported.

    ## Fix

    Unsafe: `.long()` or `.squeeze(1)` behind the target. The program raised before, and this
    is what its target most likely is.

    ## References

    - torch: [CrossEntropyLoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html),
      on the shapes of its targets
    - torch: [NLLLoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.NLLLoss.html)
    """

    code: ClassVar[str] = "LOS203"
    name: ClassVar[str] = "float-cross-entropy-target"
    severity: ClassVar[Severity] = Severity.ERROR
    category: ClassVar[str] = "targets"

    def check_loss_call(self, call: LossCall) -> Iterator[Diagnosis]:
        """A cross entropy gets class indices of another type or shape than it takes."""
        target, given = call.target, call.input
        if call.criterion.expects not in (Expects.LOGITS, Expects.LOG_PROBABILITIES):
            return
        if not isinstance(target, Tensor) or not isinstance(given, Tensor):
            return
        rows = given.sizes != ANY and rank(given.sizes) in (2, None)
        whole = target.dtype is DType.INT or target.target is TargetKind.INDICES
        if target.dtype is DType.FLOAT and target.sizes == given.sizes != ANY:
            return  # of one shape with the logits: class probabilities
        counted = target.target is TargetKind.INDICES or target.shape == "arange"
        if target.dtype is DType.FLOAT and (counted or (rows and rank(target.sizes) == 1)):
            method = "long()"
            problem = "holds class indices as floating point, which it refuses at run time"
            help_ = "leave them whole numbers: target.long()"
        elif whole and rows and rank(target.sizes) == 2 and is_one(target.sizes[1]):
            method = "squeeze(1)"
            problem = "holds class indices of shape (N, 1), which it refuses at run time"
            help_ = "drop the second dimension: target.squeeze(1)"
        else:
            return
        yield Diagnosis(
            call.place,
            f"the target of {call.title} {problem}",
            help_,
            (*steps_of(target.trail), *call.built),
            target.confidence,
            fix=index_target(call.place, method),
        )
