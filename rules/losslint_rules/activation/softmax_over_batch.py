"""LOS114: a softmax over the samples of a batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.values import Act, Tensor
from losslint.analysis.events import LossCall, OperationInLoss, OperationKind
from losslint.finding import Severity
from losslint.rewriting import over_the_classes
from losslint.rule import Diagnosis, Rule


class SoftmaxOverBatch(Rule):
    """A softmax or log_softmax runs over the batch instead of the classes.

    ## What it does

    Reports losses whose input went through a softmax over dimension 0 while it had the shape
    (N, C): a row of logits for each sample, from a layer with C outputs. So does a policy whose
    `Categorical` gets such probabilities, and whose log-probabilities are part of a loss.

    ## Why it matters

    The samples of the batch compete for each class, instead of the classes for each sample:

    - With 64 random rows the true class of a sample has a probability of about 0.016 instead of
      0.1: the more samples, the less for each.
    - What a sample is predicted to be depends on its neighbours in the batch, and a batch of one
      gives 1.0 for every class. The model works in training and fails alone.

    The shapes all fit, so nothing says so. Without `dim`, a softmax of three dimensions takes
    dimension 0 as well (LOS113).

    ## Example

    ```python
    logits = model(x.flatten(1))  # (N, 10)
    loss = F.nll_loss(F.log_softmax(logits, dim=0), y)
    ```

    ## Instead

    ```python
    logits = model(x.flatten(1))
    loss = F.cross_entropy(logits, y)  # or log_softmax with dim=1 before nll_loss
    ```

    ## When it is fine

    For a single sample without a batch dimension 0 is right, as in small reinforcement learning
    scripts. So it is for a matrix of similarities between the samples of a batch, as in
    contrastive learning. Neither is reported.

    ## Fix

    Unsafe: the dimension becomes 1 in the call of the softmax, where that is in the function
    of the loss.

    ## References

    - torch: [log_softmax](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.log_softmax.html)
    - torch: [NLLLoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.NLLLoss.html)
    """

    code: ClassVar[str] = "LOS114"
    name: ClassVar[str] = "softmax-over-batch"
    severity: ClassVar[Severity] = Severity.ERROR
    category: ClassVar[str] = "activation"

    def check_loss_call(self, call: LossCall) -> Iterator[Diagnosis]:
        """A softmax over the samples reaches a loss."""
        given = call.input
        if not isinstance(given, Tensor) or given.act not in (Act.SOFTMAX, Act.LOG_SOFTMAX):
            return
        if given.dim not in (0, -2) or len(given.sizes) != 2 or given.sizes[0] is ...:
            return
        classes = given.sizes[1]
        if isinstance(classes, int) and classes > 1:
            yield Diagnosis.of_input(
                call,
                f"`{call.given}` went through a softmax over the batch: its samples compete for "
                f"each of the {classes} classes",
                "take the softmax over the classes: dim=1, or dim=-1",
                fix=over_the_classes(call.place),
            )

    def check_operation(self, found: OperationInLoss) -> Iterator[Diagnosis]:
        """A distribution of probabilities that went through one."""
        operation = found.operation
        if operation.kind is OperationKind.ACROSS:
            classes = operation.operand.sizes[1]
            yield Diagnosis(
                operation.place,
                f"`{operation.function}` gets what a softmax over the batch gave: the samples "
                f"compete for each of the {classes} classes",
                "take the softmax over the classes: dim=1, or dim=-1",
                operation.trail,
                operation.operand.confidence,
            )
