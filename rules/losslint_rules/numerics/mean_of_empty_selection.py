"""LOS311: a loss is the mean of a selection that can be empty."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.events import OperationInLoss, OperationKind
from losslint.finding import Severity
from losslint.rule import Diagnosis, Rule


class MeanOfEmptySelection(Rule):
    """A loss is the mean over elements that a mask selects, which may be none.

    ## What it does

    Looks for means of what a boolean mask selects, on the way to a loss: `x[mask].mean()`,
    `torch.masked_select(x, mask).mean()`, and a criterion that averages,
    `F.mse_loss(x[mask], y[mask])`. The mask has to be a comparison that the code shows, such as
    `labels == 1` or `error > threshold`: the positives of a detector, a class, what is still hard.
    What of the data lies beyond 0, an eps or 1 is hardly ever nothing, as the depths that were
    measured are not, nor is what lies below a large number, such as 192 pixels of disparity: both
    are left alone.

    Left alone are a selection whose size or mask is tested first, also by one of its elements, by a
    sum of what is compared or by a selection that compares the same quantities; a result that is
    tested for NaN; a mask that keeps out padding (`labels != -100`) or what was not measured
    (`y == y`); the background (`labels == 0`); and masks that are never empty: of positions
    (`arange(n) % 4 == 0`), of a class out of `labels.unique()`, of distances off a cleared
    diagonal.

    ## Why it matters

    The mean of nothing is 0 / 0: `torch.tensor([]).mean()` is NaN, and so are
    `F.mse_loss(x[mask], y[mask])` and `F.cross_entropy(x[mask], y[mask])` for a mask that is all
    False. Added to the other terms it makes the whole loss NaN. One batch without a positive
    sample is enough. With 1% positives, 27.6% of the batches of 128 have none; with 5% it is
    0.14%, which is once in 710 batches: late enough to look like bad luck.

    The gradient of the empty mean itself is zero everywhere, so a loss that is NaN on such batches
    can go unnoticed for long, until a logged average, a scheduler or an early stopping meets it.

    ## Example

    ```python
    positive = labels == 1
    box_loss = F.smooth_l1_loss(boxes[positive], wanted[positive])
    loss = class_loss + box_loss
    ```

    ## Instead

    ```python
    positive = labels == 1
    box_loss = F.smooth_l1_loss(boxes[positive], wanted[positive], reduction="sum")
    loss = class_loss + box_loss / positive.sum().clamp(min=1)
    ```

    The sum of nothing is 0.0, and the floor of one keeps the quotient at 0.0. A test does as well:
    `if positive.any():`.

    ## When it is fine

    When every batch has such elements by construction, for example from a sampler that draws some
    of each class. Say so on the line: `# losslint: ignore[LOS311] reason`.

    ## References

    - torch.mean, https://docs.pytorch.org/docs/stable/generated/torch.mean.html
    - torch.masked_select, https://docs.pytorch.org/docs/stable/generated/torch.masked_select.html
    """

    code: ClassVar[str] = "LOS311"
    name: ClassVar[str] = "mean-of-empty-selection"
    severity: ClassVar[Severity] = Severity.WARNING
    category: ClassVar[str] = "numerics"

    def check_operation(self, found: OperationInLoss) -> Iterator[Diagnosis]:
        """A mean of what a mask selected."""
        operation = found.operation
        if operation.kind is not OperationKind.MEAN or found.guarded:
            return
        own = operation.function == "mean"
        summed = "sum" if own else f'let {operation.function} sum (`reduction="sum"`)'
        of_rows = operation.function in _OF_ROWS
        yield Diagnosis(
            operation.place,
            "the mean of a selection is NaN for a batch of which nothing is selected",
            f"{summed}, and divide by the number of {_ROWS if of_rows else _ELEMENTS}",
            operation.trail,
            operation.operand.confidence,
        )


_OF_ROWS = frozenset({"CrossEntropyLoss", "NLLLoss", "cross_entropy", "nll_loss"})
"""Criteria whose mean is one over the targets, each of which has a row of classes."""
_ROWS = "targets in it: `/ max(1, len(selected))`"
_ELEMENTS = "elements in it: `/ max(1, selected.numel())`"
