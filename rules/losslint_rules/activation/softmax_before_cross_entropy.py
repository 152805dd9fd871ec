"""LOS104: a softmax in front of a cross entropy that applies its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.values import Act
from losslint.analysis.events import LossCall, OperationInLoss, OperationKind
from losslint.analysis.objective.criteria import Expects
from losslint.finding import Severity
from losslint.rewriting import without_activation
from losslint.rule import Diagnosis, Rule


class SoftmaxBeforeCrossEntropy(Rule):
    """The output of a softmax reaches `CrossEntropyLoss` or `cross_entropy`.

    ## What it does

    Reports calls of `nn.CrossEntropyLoss` and `F.cross_entropy` whose input has been through a
    softmax: in the call, in the training loop, or as the last step of the model, in whichever
    file that is. And `Categorical(logits=...)` given such an input, where a loss is made of the
    distribution, as that of a policy is.

    ## Why it matters

    Cross entropy takes logits and applies `log_softmax` itself. Given probabilities, it sees
    scores between 0 and 1 and cannot tell certain from likely:

    - The loss never falls below ln(1 + (C - 1) / e): 0.313 for 2 classes, 1.461 for 10, 5.909
      for 1,000 (where guessing costs 6.908). The curve looks like a model that will not learn.
    - A confident mistake teaches almost nothing: with ten classes and a wrong class 10 ahead, the
      largest gradient on a logit is 0.0001 instead of 1.
    - Training still goes on, slowly, so nothing tells you. On a small task with ten
      classes, 100 steps of SGD reached an accuracy of 56% this way, and 84% without the softmax.

    ## Example

    ```python
    model = nn.Sequential(
        nn.Flatten(),
        nn.Linear(784, 128),
        nn.ReLU(),
        nn.Linear(128, 10),
        nn.Softmax(dim=1),
    )
    criterion = nn.CrossEntropyLoss()

    loss = criterion(model(images), labels)
    ```

    ## Instead

    ```python
    model = nn.Sequential(
        nn.Flatten(),
        nn.Linear(784, 128),
        nn.ReLU(),
        nn.Linear(128, 10),
    )
    criterion = nn.CrossEntropyLoss()

    loss = criterion(model(images), labels)

    with torch.no_grad():
        probabilities = model(images).softmax(dim=1)  # where probabilities are wanted
    ```

    The predicted class needs no softmax at all: `argmax` is the same before and after.

    ## When it is fine

    Hardly ever as the input. A softmax for metrics, inside attention, in an `eval` branch of the
    model, or on the target side (a teacher's probabilities) is fine and is not reported.

    ## Objections

    *"The softmax makes the output clearer."* To whoever reads it, so apply it where it is
    read; the order of the classes is the same without. The loss does not read but takes
    another softmax, and that of a softmax never gives a class more than 0.232 where there are
    ten.

    ## Fix

    Unsafe: the softmax before the loss is dropped, where nothing else reads its output. At the end
    of a model it is dropped where the project shows all uses of the output, in whatever file, and
    put back at those outside the loss, except where only the largest element is looked for.

    ## References

    - torch: [CrossEntropyLoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html)
    - Bridle, *Probabilistic interpretation of feedforward classification network outputs*, 1990
    """

    code: ClassVar[str] = "LOS104"
    name: ClassVar[str] = "softmax-before-cross-entropy"
    severity: ClassVar[Severity] = Severity.ERROR
    category: ClassVar[str] = "activation"

    def check_loss_call(self, call: LossCall) -> Iterator[Diagnosis]:
        """A softmax reaches a criterion that applies its own log_softmax."""
        if call.criterion.expects is Expects.LOGITS and call.activation in (Act.SOFTMAX, Act.PROB):
            softmax = call.activation is Act.SOFTMAX
            what = "is the output of a softmax" if softmax else "holds probabilities"
            made = "apply the softmax" if softmax else "take the sigmoid or softmax"
            yield Diagnosis.of_input(
                call,
                f"{call.title} applies log_softmax itself, but `{call.given}` {what} already",
                f"give the criterion the logits; {made} only where probabilities are read",
                fix=without_activation(call.place, "softmax"),
            )

    def check_operation(self, found: OperationInLoss) -> Iterator[Diagnosis]:
        """A softmax is taken for the logits of a distribution."""
        operation = found.operation
        if operation.kind is OperationKind.LOGITS and operation.operand.act is Act.SOFTMAX:
            yield Diagnosis(
                operation.place,
                f"`{operation.function}` applies a softmax to its logits, but they are the output "
                "of one already",
                "give the probabilities as `probs`, or leave the softmax out",
                operation.trail,
                operation.operand.confidence,
            )
