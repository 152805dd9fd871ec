"""LOS105: a log_softmax in front of a cross entropy that applies its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.values import Act
from losslint.analysis.events import LossCall
from losslint.analysis.objective.criteria import Expects
from losslint.finding import Severity
from losslint.rewriting import without_log_softmax
from losslint.rule import Diagnosis, Rule


class LogSoftmaxBeforeCrossEntropy(Rule):
    """The output of a log_softmax reaches `CrossEntropyLoss` or `cross_entropy`.

    ## What it does

    Reports calls of `nn.CrossEntropyLoss` and `F.cross_entropy` whose input is already
    log-probabilities.

    ## Why it matters

    Here the value is right: the log_softmax of log-probabilities over the same classes is those
    log-probabilities again, so loss and gradient stay the same up to rounding. What it costs:

    - Work: one more pass over the logits in each direction, and one more tensor of their size kept
      for backward, which is 15.6 MiB for 4,096 rows of 1,000 classes.
    - Clarity: it says that two people (or one, on two days) disagreed on what the model returns.
      The next change is easily a `softmax` (LOS104), or `exp` of outputs that are logits by then.
    - If the log_softmax runs over another dimension than the classes, the value is wrong too.

    ## Example

    ```python
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(64, 10)

        def forward(self, x):
            return F.log_softmax(self.fc(x), dim=1)

    loss = nn.CrossEntropyLoss()(Net()(x), y)
    ```

    ## Instead

    Return logits and keep the cross entropy:

    ```python
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(64, 10)

        def forward(self, x):
            return self.fc(x)

    loss = nn.CrossEntropyLoss()(Net()(x), y)
    ```

    or keep the log-probabilities and use `nn.NLLLoss()`. Both are the same loss.

    ## When it is fine

    Always, as far as the result goes, if the dimension is that of the classes. Suppress it where
    the model's log-probabilities are its public interface and the criterion is not yours.

    ## Fix

    Safe where the log_softmax is in one function with the loss and its dim is that of the classes
    for sure: 1, or the last of two. Unsafe at the end of a model, with the log_softmax put back at
    the uses outside the loss. None with label smoothing, or where dimensions change in between.

    ## References

    - torch: [CrossEntropyLoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html),
      which is LogSoftmax followed by NLLLoss
    - torch: [NLLLoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.NLLLoss.html)
    """

    code: ClassVar[str] = "LOS105"
    name: ClassVar[str] = "log-softmax-before-cross-entropy"
    severity: ClassVar[Severity] = Severity.WARNING
    category: ClassVar[str] = "activation"

    def check_loss_call(self, call: LossCall) -> Iterator[Diagnosis]:
        """A log_softmax reaches a criterion that applies its own."""
        if call.criterion.expects is Expects.LOGITS and call.activation is Act.LOG_SOFTMAX:
            yield Diagnosis.of_input(
                call,
                f"{call.title} applies log_softmax itself, so the one behind `{call.given}` is "
                "wasted: the loss is right, the work is done twice",
                "drop the log_softmax, or keep it and use NLLLoss",
                fix=None if "label_smoothing" in call.options else without_log_softmax(call.place),
            )
