"""LOS102: raw outputs in a binary cross entropy that wants probabilities."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.values import Act
from losslint.analysis.events import LossCall
from losslint.analysis.objective.criteria import Expects
from losslint.finding import Severity
from losslint.rewriting import with_logits_criterion
from losslint.rule import Diagnosis, Rule


class BceOnLogits(Rule):
    """The raw output of a layer reaches `BCELoss` or `binary_cross_entropy`.

    ## What it does

    Reports calls of `nn.BCELoss` and `F.binary_cross_entropy` whose input comes straight from a
    linear layer, a convolution or a product with a parameter, with no sigmoid on any way there,
    or out of a relu, a tanh or a logarithm, which give no probabilities either.

    ## Why it matters

    These losses take the logarithm of their input, so it has to be a probability. A raw output
    is any real number:

    - On the CPU the first value outside [0, 1] stops the run: "all elements of input should be
      between 0 and 1". On CUDA it is an assertion inside a kernel, after which every later call
      in the process fails with a message about something else.
    - Values that happen to lie inside [0, 1] pass, and mean the wrong thing. For outputs
      0.3 and 0.9 with targets 0 and 1 the loss reads 0.231; read as logits they cost 0.598.

    ## Example

    ```python
    class Churn(nn.Module):
        def __init__(self):
            super().__init__()
            self.hidden = nn.Linear(20, 32)
            self.out = nn.Linear(32, 1)

        def forward(self, x):
            return self.out(F.relu(self.hidden(x))).squeeze(1)

    loss = F.binary_cross_entropy(Churn()(x), y)
    ```

    ## Instead

    ```python
    loss = F.binary_cross_entropy_with_logits(Churn()(x), y)
    ```

    ## When it is fine

    Never with a plain linear output. If your own layer already returns probabilities in a way
    that losslint cannot see, it stays silent; if it reports one all the same, suppress it with
    the reason.

    ## Fix

    Unsafe: the criterion becomes its with-logits form, at all calls that share it, if all of them
    have this fault.

    ## References

    - torch: [BCELoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.BCELoss.html)
    - torch: [binary_cross_entropy_with_logits](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy_with_logits.html)
    """

    code: ClassVar[str] = "LOS102"
    name: ClassVar[str] = "bce-on-logits"
    severity: ClassVar[Severity] = Severity.ERROR
    category: ClassVar[str] = "activation"

    every_path: ClassVar[bool] = True

    def check_loss_call(self, call: LossCall) -> Iterator[Diagnosis]:
        """A raw output reaches a binary cross entropy on probabilities."""
        if call.criterion.expects is not Expects.PROBABILITIES:
            return
        if call.activation is Act.RAW:
            yield Diagnosis.of_input(
                call,
                f"{call.title} wants probabilities, but `{call.given}` is a raw output that no "
                "sigmoid has seen",
                "use BCEWithLogitsLoss, which applies the sigmoid itself",
                fix=with_logits_criterion(call.place),
            )
        elif call.activation in _NO_PROBABILITIES:
            yield Diagnosis.of_input(
                call,
                f"{call.title} wants probabilities, but `{call.given}` comes out of a "
                f"{call.activation.value}, which {_NO_PROBABILITIES[call.activation]}",
                "give the raw output of the last layer to BCEWithLogitsLoss, which applies the "
                "sigmoid itself",
            )


_NO_PROBABILITIES = {
    Act.RELU: "can be above 1",
    Act.TANH: "can be below 0",
    Act.LOG_SOFTMAX: "is never above 0",
    Act.LOG_SIGMOID: "is never above 0",
}
"""What is wrong with an activation for a logarithm of probabilities."""
