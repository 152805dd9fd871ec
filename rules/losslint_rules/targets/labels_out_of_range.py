"""LOS208: 0 and 1 where a loss wants -1 and +1."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.trail import steps_of
from losslint.analysis.domain.values import Act, Sign, Tensor
from losslint.analysis.events import LossCall
from losslint.finding import Severity
from losslint.rule import Diagnosis, Rule


class LabelsOutOfRange(Rule):
    """Labels of 0 and 1 reach a loss that takes -1 and +1.

    ## What it does

    Reports calls of `SoftMarginLoss`, `CosineEmbeddingLoss`, `HingeEmbeddingLoss`,
    `MarginRankingLoss` and their functions whose target cannot be negative and can be 0: drawn
    by `randint(0, 2)`, the result of a comparison, or zeros.

    ## Why it matters

    These losses multiply with the label, or look for -1 and +1. A 0 is neither, and nothing
    checks it:

    - `soft_margin_loss` is 0.693 for every sample with label 0, and its gradient is 0: the
      negatives teach nothing.
    - `cosine_embedding_loss` counts them as 0, with gradient 0, and so does
      `margin_ranking_loss` without a margin.
    - `hinge_embedding_loss` gives them a constant loss of 1 with gradient 0.

    So the model learns from the positives only, and calls everything positive.

    ## Example

    ```python
    same = (label_a == label_b).float()
    loss = F.cosine_embedding_loss(a, b, same)
    ```

    ## Instead

    ```python
    same = (label_a == label_b).float()
    loss = F.cosine_embedding_loss(a, b, 2 * same - 1)
    ```

    ## When it is fine

    Targets that are all +1 are in range and not reported. Where a 0 is meant to leave a pair out,
    say so: `# losslint: ignore[LOS208] 0 leaves the pair out`.

    ## References

    - torch: [SoftMarginLoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.SoftMarginLoss.html)
    - torch: [CosineEmbeddingLoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.CosineEmbeddingLoss.html)
    - torch: [MarginRankingLoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.MarginRankingLoss.html)
    """

    code: ClassVar[str] = "LOS208"
    name: ClassVar[str] = "labels-out-of-range"
    severity: ClassVar[Severity] = Severity.ERROR
    category: ClassVar[str] = "targets"

    def check_loss_call(self, call: LossCall) -> Iterator[Diagnosis]:
        """A loss of signs gets labels that have none."""
        target = call.target
        if call.criterion.name not in _SIGNED or not isinstance(target, Tensor):
            return
        if target.sign is Sign.NON_NEGATIVE and not target.grad and target.act is Act.UNKNOWN:
            yield Diagnosis(
                call.place,
                f"{call.title} takes labels of -1 and +1, but its target holds zeros: they get "
                "no gradient",
                "map the labels: 2 * target - 1",
                (*steps_of(target.trail), *call.built),
                target.confidence,
            )


_SIGNED = ("SoftMarginLoss", "CosineEmbeddingLoss", "HingeEmbeddingLoss", "MarginRankingLoss")
