"""LOS502: a learned weight of a loss that training makes vanish."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.trail import Step
from losslint.analysis.events import VanishingWeight
from losslint.finding import Severity
from losslint.rule import Diagnosis, Rule


class UnregularizedLossWeight(Rule):
    """A loss is weighted by a parameter, and nothing keeps the weight from vanishing.

    ## What it does

    Looks for losses that are multiplied with an `nn.Parameter`, or with what was made of one alone
    (`exp(-s)`, `softplus(w)`, `1 - alpha`, `1 / sigma ** 2`), where nothing else in what is
    backpropagated depends on it. Reported once for all weights of a module.

    ## Why it matters

    The cheapest way to a small loss is a small weight. The gradient of `w * loss` with respect to
    `w` is the loss itself, so every step lowers the weight of the task that goes worst, and a
    weight with no bound goes on below zero: from there on the task is unlearnt. With a
    classification and a regression, weights that start at 1, and SGD at a learning rate of 0.05,
    the weights stood at -10 and -0.1 after 100 steps, and the total read -89 for a cross entropy
    of 9.3, where guessing has 0.69. Behind `exp(-s)` a weight stays positive and falls all the
    same, to 0.23 and 0.48 in as many steps. The curve of the total looks better than ever.

    ## Example

    ```python
    self.weights = nn.Parameter(torch.ones(2))

    loss = self.weights[0] * loss_class + self.weights[1] * loss_size
    ```

    ## Instead

    ```python
    self.log_vars = nn.Parameter(torch.zeros(2))

    a, b = self.log_vars
    loss = torch.exp(-a) * loss_class + a + torch.exp(-b) * loss_size + b
    ```

    The added term comes from the likelihood that this weighting is derived from. Or use constants:
    bring the losses to one size once, and leave the weights alone.

    ## When it is fine

    Weights that share a fixed sum are silent: a softmax over them, a division by their sum,
    a sigmoid beside its complement. So are weights that something else acts on: a penalty on them,
    a gradient that is set by hand as in GradNorm, a clamp, an optimizer that maximises. A parameter
    that is frozen, detached or in no optimizer is a constant.

    ## References

    - Kendall, Gal, Cipolla: Multi-task learning using uncertainty to weigh losses (2018),
      https://arxiv.org/abs/1705.07115
    - Liebel, Koerner: Auxiliary tasks in multi-task learning (2018),
      https://arxiv.org/abs/1805.06334
    """

    code: ClassVar[str] = "LOS502"
    name: ClassVar[str] = "unregularized-loss-weight"
    severity: ClassVar[Severity] = Severity.ERROR
    category: ClassVar[str] = "objective"

    def check_vanishing_weight(self, found: VanishingWeight) -> Iterator[Diagnosis]:
        """A weight that the losses alone act on."""
        yield Diagnosis(
            found.place,
            f"`{found.weight}` is trained, and nothing keeps it up: the loss falls because its "
            "weight does",
            "add what holds it up, as in `exp(-s) * loss + s`, or make it a constant",
            (
                Step(found.loss, "the loss that it weighs"),
                *(Step(other, "weighted in the same way") for other in found.others),
            ),
            found.confidence,
        )
