"""LOS103: a sigmoid in front of a loss that applies its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.values import Act
from losslint.analysis.events import LossCall, OperationInLoss, OperationKind
from losslint.analysis.objective.criteria import Expects
from losslint.finding import Severity
from losslint.rewriting import without_activation
from losslint.rule import Diagnosis, Rule


class DoubleSigmoid(Rule):
    """The output of a sigmoid reaches a loss that applies a sigmoid itself.

    ## What it does

    Reports calls of `BCEWithLogitsLoss`, `binary_cross_entropy_with_logits`,
    `MultiLabelSoftMarginLoss` and torchvision's `sigmoid_focal_loss` whose input has already been
    through a sigmoid, and `Bernoulli(logits=...)` given such an input, where a loss is made of the
    distribution.

    ## Why it matters

    The loss squashes a number between 0 and 1 once more, so the probability that it judges lies
    between 0.5 and 0.731, whatever the model says:

    - A negative can never cost less than 0.693 and a positive never less than 0.313; on balanced
      data a perfect model stops at 0.503.
    - Gradients shrink: at a logit of 0 it is 0.094 instead of 0.5, and for a positive that the
      model puts at -8 it is 0.00017 instead of 1.
    - A second sigmoid at prediction time, compared with 0.5, says yes to everything.

    It is the usual outcome of changing `BCELoss` into `BCEWithLogitsLoss` and leaving the sigmoid
    in the model. On a small tagging task with 14% positives, a thousand steps of Adam found 78%
    of the positives this way, and 95% without the extra sigmoid.

    ## Example

    ```python
    class Tagger(nn.Module):
        def __init__(self):
            super().__init__()
            self.out = nn.Linear(128, 20)

        def forward(self, x):
            return torch.sigmoid(self.out(x))

    criterion = nn.BCEWithLogitsLoss()
    loss = criterion(Tagger()(x), tags)
    ```

    ## Instead

    ```python
    class Tagger(nn.Module):
        def __init__(self):
            super().__init__()
            self.out = nn.Linear(128, 20)

        def forward(self, x):
            return self.out(x)

    criterion = nn.BCEWithLogitsLoss()
    loss = criterion(Tagger()(x), tags)
    predicted = torch.sigmoid(Tagger()(x)) > 0.5
    ```

    ## When it is fine

    It is not. A sigmoid elsewhere is: as a gate inside the model, for metrics, for thresholds at
    prediction time. None of these is reported.

    ## Fix

    Unsafe: the sigmoid before the loss is dropped, where nothing else reads its output. At the end
    of a model it is dropped where the project shows all uses of the output, in whatever file, and
    put back at those outside the loss.

    ## References

    - torch: [BCEWithLogitsLoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html)
    - torch: [MultiLabelSoftMarginLoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.MultiLabelSoftMarginLoss.html)
    - torchvision: [sigmoid_focal_loss](https://docs.pytorch.org/vision/stable/generated/torchvision.ops.sigmoid_focal_loss.html)
    """

    code: ClassVar[str] = "LOS103"
    name: ClassVar[str] = "double-sigmoid"
    severity: ClassVar[Severity] = Severity.ERROR
    category: ClassVar[str] = "activation"

    def check_loss_call(self, call: LossCall) -> Iterator[Diagnosis]:
        """A sigmoid reaches a criterion that applies its own."""
        if call.criterion.expects is Expects.BINARY_LOGITS and call.activation is Act.SIGMOID:
            yield Diagnosis.of_input(
                call,
                f"{call.title} applies a sigmoid itself, but `{call.given}` is the output of a "
                "sigmoid already",
                "drop the sigmoid before the loss and keep it where probabilities are read",
                fix=without_activation(call.place, "sigmoid"),
            )

    def check_operation(self, found: OperationInLoss) -> Iterator[Diagnosis]:
        """A sigmoid is taken for the logits of a distribution."""
        operation = found.operation
        if operation.kind is OperationKind.LOGITS and operation.operand.act is Act.SIGMOID:
            yield Diagnosis(
                operation.place,
                f"`{operation.function}` applies a sigmoid to its logits, but they are the output "
                "of one already",
                "give the probabilities as `probs`, or leave the sigmoid out",
                operation.trail,
                operation.operand.confidence,
            )
