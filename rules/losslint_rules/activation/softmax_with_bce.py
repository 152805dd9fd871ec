"""LOS110: a softmax in front of a binary cross entropy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.sizes import at, rank
from losslint.analysis.domain.values import Act, Tensor
from losslint.analysis.events import LossCall
from losslint.analysis.objective.criteria import Expects
from losslint.finding import Severity
from losslint.rule import Diagnosis, Rule


class SoftmaxWithBce(Rule):
    """The output of a softmax reaches a binary cross entropy.

    ## What it does

    Reports calls of `BCELoss`, `BCEWithLogitsLoss`, `MultiLabelSoftMarginLoss` and their
    functions whose input is a whole row of a softmax.

    ## Why it matters

    A softmax makes the classes share one unit of probability. A binary cross entropy asks for each
    class on its own, yes or no. Together they contradict each other:

    - Where several labels hold at once they cannot all be likely. With 4 of 20 labels set, the
      best possible output gives each of them 0.25, below any threshold of 0.5, and the loss stops
      at 0.277.
    - Where exactly one class holds, cross entropy is the loss of the softmax; the binary one
      counts the wrong classes a second time.
    - With logits expected, the probabilities go through a sigmoid on top: a class at 0 gets 0.5.

    ## Example

    ```python
    probs = F.softmax(model(x), dim=1)
    loss = F.binary_cross_entropy(probs, tags)
    ```

    ## Instead

    ```python
    loss = F.binary_cross_entropy_with_logits(model(x), tags)  # any number of tags
    loss = F.cross_entropy(model(x), label)  # exactly one class
    ```

    ## When it is fine

    With two classes and one-hot rows the two losses are equal, and with one column of such a
    softmax, as in `probs[:, 1]`, it is an ordinary binary loss. Neither is reported where losslint
    sees it.

    ## References

    - torch: [BCEWithLogitsLoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html)
    - torch: [CrossEntropyLoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html)
    """

    code: ClassVar[str] = "LOS110"
    name: ClassVar[str] = "softmax-with-bce"
    severity: ClassVar[Severity] = Severity.WARNING
    category: ClassVar[str] = "activation"

    def check_loss_call(self, call: LossCall) -> Iterator[Diagnosis]:
        """A softmax reaches a criterion for independent classes."""
        given, expects = call.input, call.criterion.expects
        if expects not in (Expects.PROBABILITIES, Expects.BINARY_LOGITS):
            return
        if not isinstance(given, Tensor) or given.act is not Act.SOFTMAX or given.picked:
            return
        logits = expects is Expects.BINARY_LOGITS
        if not logits and _classes(given) in (1, 2):
            return
        yield Diagnosis.of_input(
            call,
            f"{call.title} judges every class on its own, but in `{call.given}`, the output of a "
            "softmax, they share one unit of probability"
            + (", and here a sigmoid is applied on top" if logits else ""),
            "for several labels at once drop the softmax and use BCEWithLogitsLoss; for one class "
            "of several use CrossEntropyLoss on the logits",
        )


def _classes(given: Tensor) -> int | None:
    """How many classes share the probability; of any number of dimensions they are the last one."""
    dim = given.dim if given.dim is not None and rank(given.sizes) is not None else -1
    return at(given.sizes, dim)
