"""LOS507: labels with a rare class, and a loss that treats all samples alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.trail import Step
from losslint.analysis.domain.values import NONE, Tensor
from losslint.analysis.events import Family, LossCall
from losslint.finding import Severity
from losslint.rule import Diagnosis, Rule


class ImbalanceIgnored(Rule):
    """The script makes labels with a rare class, and nothing in the training allows for it.

    ## What it does

    Reports cross entropies, binary ones too, on labels of which the script itself shows that
    a class has less than a tenth of the samples (`torch.rand(n) < 0.05`, `make_classification` with
    weights, `cat([zeros(950), ones(50)])`), where the loss has neither `weight` nor `pos_weight`
    and the loader no sampler. Advice: off unless it is selected.

    ## Why it matters

    A model that calls every sample negative is right in 95 of 100 cases where 5 are positive, and
    its cross entropy is 0.199 already; all there is to learn is in the rest. With two classes that
    overlap (5% of the samples around 1, the others around 0, both with a spread of 1) the best
    threshold on the probability, one half, is reached by features above 3.44 only: it finds 1 in
    138 of the positives. With `pos_weight` 19 it lies at 0.50, and finds 69 in 100.

    ## Example

    ```python
    fraud = (torch.rand(10_000, 1) < 0.05).float()
    criterion = nn.BCEWithLogitsLoss()
    ```

    ## Instead

    ```python
    fraud = (torch.rand(10_000, 1) < 0.05).float()
    pos_weight = (1 - fraud).sum() / fraud.sum()
    criterion = nn.BCEWithLogitsLoss(pos_weight=pos_weight)
    ```

    Or leave the loss alone and move the threshold, which is the better way where probabilities
    are read. In both cases judge by precision and recall, not by accuracy.

    ## When it is fine

    Where the outputs are used as probabilities or for ranking, and no threshold of one half is
    ever applied. Focal losses, and losses that are weighted or divided by hand
    (`reduction="none"`, `"sum"`) are silent.

    ## Objections

    *"Focal loss is always better."* It goes by difficulty, not by class. With gamma 2 a sample
    whose class got a probability of 0.9 keeps 0.01 of its cross entropy and one that got 0.1
    keeps 0.81: those with a wrong label count most. It is one candidate; compare it with
    `pos_weight` by precision and recall on data that was not trained with.

    ## References

    - King, Zeng: Logistic regression in rare events data (2001)
    - torch.nn.BCEWithLogitsLoss, argument `pos_weight`,
      https://docs.pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html
    """

    code: ClassVar[str] = "LOS507"
    name: ClassVar[str] = "imbalance-ignored"
    severity: ClassVar[Severity] = Severity.ADVICE
    category: ClassVar[str] = "objective"

    def check_loss_call(self, call: LossCall) -> Iterator[Diagnosis]:
        """A loss on labels with a rare class that gives it no more weight than the others."""
        target = call.target
        if call.criterion.family is not Family.CLASSIFICATION or call.evaluating:
            return
        if not isinstance(target, Tensor) or target.rare is None or call.reduction != "mean":
            return
        weighted = any(call.options.get(name, NONE) != NONE for name in ("weight", "pos_weight"))
        if weighted or call.sampled or "focal" in call.criterion.name:
            return
        yield Diagnosis(
            call.place,
            f"a class has {target.rare.size:.1%} of the labels, and {call.title} counts all "
            "samples alike",
            "weight the classes (`pos_weight`, `weight`), or set the threshold by precision and "
            "recall",
            (Step(target.rare.place, "the labels are made here"), *call.built),
        )
