"""LOS109: a softmax over a single number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.sizes import at, rank
from losslint.analysis.domain.values import Act, DType, Tensor, Value
from losslint.analysis.events import LossCall, OperationInLoss, OperationKind
from losslint.analysis.objective.criteria import Expects
from losslint.finding import Confidence, Severity
from losslint.rule import Diagnosis, Rule


class SoftmaxOverOneClass(Rule):
    """A softmax or a cross entropy is taken over a dimension of size one.

    ## What it does

    Reports losses whose input is a softmax or log_softmax over a dimension with one element, cross
    entropy on logits with one class, and a logarithm of such a softmax in a loss that is written
    out.

    ## Why it matters

    A softmax divides each element by the sum of all. With a single one that is 1.0, whatever the
    model says:

    - A binary cross entropy behind it reads 60.0 for five samples of which three are negative
      (each costs 100, where its logarithm is clamped), and its gradient is exactly 0.
    - A cross entropy on one class is exactly 0, from the first batch on: a loss that looks
      perfect.

    Nothing is learnt in either case. It is what remains where a model for two classes was changed
    into one with a single output.

    ## Example

    ```python
    model = nn.Sequential(nn.Linear(20, 1), nn.Softmax(dim=1))
    loss = F.binary_cross_entropy(model(x), y)
    ```

    ## Instead

    ```python
    model = nn.Linear(20, 1)
    loss = F.binary_cross_entropy_with_logits(model(x), y)
    ```

    ## When it is fine

    Never on the way to a loss. A softmax over the steps of a sequence, of scores that have a last
    dimension of one, is something else and not reported.

    ## References

    - torch: [softmax](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.softmax.html)
    - torch: [BCEWithLogitsLoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html)
    """

    code: ClassVar[str] = "LOS109"
    name: ClassVar[str] = "softmax-over-one-class"
    severity: ClassVar[Severity] = Severity.ERROR
    category: ClassVar[str] = "activation"

    def check_loss_call(self, call: LossCall) -> Iterator[Diagnosis]:
        """What reaches the loss went, or goes, through a softmax over one element."""
        given = call.input
        if not isinstance(given, Tensor):
            return
        if given.act in (Act.SOFTMAX, Act.LOG_SOFTMAX):
            # behind a layer of one output, for any input; with one row a sample dim=1 is its last
            column = given.sizes == (..., 1) and given.dim == 1
            if given.shape != "single" and not column:
                return
            message = (
                f"`{call.given}` went through a softmax over a single element, which gives 1.0 "
                "for whatever the model says"
            )
            help_ = "drop the softmax; with one output use BCEWithLogitsLoss"
            confidence = Confidence.MEDIUM if column else Confidence.HIGH
        elif (
            call.criterion.expects is Expects.LOGITS
            and (rank(given.sizes) or 0) > 1
            and at(given.sizes, 1) == 1
            and not _binary(call.target, given)
        ):
            message = (
                f"{call.title} gets one class only: its loss is always 0, and so is its gradient"
            )
            help_ = "with one output use BCEWithLogitsLoss, or give the model one for each class"
            confidence = Confidence.HIGH
        else:
            return
        found = Diagnosis.of_input(call, message, help_)
        yield Diagnosis(found.at, message, help_, found.trail, min(confidence, found.confidence))

    def check_operation(self, found: OperationInLoss) -> Iterator[Diagnosis]:
        """A loss that is written out takes the logarithm of a softmax over one element."""
        operation, given = found.operation, found.operation.operand
        if operation.kind is not OperationKind.LOG or given.shape != "single":
            return
        yield Diagnosis(
            operation.place,
            f"`{operation.function}` of a softmax over a single element, which gives 1.0 for "
            "whatever the model says",
            "drop the softmax; with one output use a sigmoid, and BCEWithLogitsLoss for the loss",
            operation.trail,
            given.confidence,
        )


def _binary(target: Value, given: Tensor) -> bool:
    """Whether a target fits a binary loss: code that can do both tests for that before."""
    return (
        isinstance(target, Tensor) and target.dtype is DType.FLOAT and target.sizes == given.sizes
    )
