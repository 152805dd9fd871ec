"""LOS510: batch means are summed and divided by the number of samples."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.trail import Step
from losslint.analysis.events import WrongAverage, WrongCount
from losslint.finding import Severity
from losslint.rewriting import by_batches
from losslint.rule import Diagnosis, Rule

_SAID = {
    WrongCount.MEANS_BY_SAMPLES: (
        (
            "a sum of batch means is divided by the number of samples: the average is too small "
            "by a factor of the batch size"
        ),
        "divide by the number of batches, or add each loss times the size of its batch",
        "the mean over one batch",
    ),
    WrongCount.MEANS_BY_SIZE: (
        (
            "a sum of batch means is divided by the size of one batch, which says nothing of how "
            "many batches there were"
        ),
        "divide by the number of batches",
        "the mean over one batch",
    ),
    WrongCount.EACH_MEAN_BY_SIZE: (
        (
            "the mean over a batch is divided by the size of the batch once more: the average is "
            "too small by that factor"
        ),
        "add the mean as it is, and divide the sum by the number of batches",
        "the mean over one batch",
    ),
    WrongCount.SAMPLES_BY_BATCHES: (
        (
            "a sum over samples is divided by the number of batches: the average is too large "
            "by a factor of the batch size"
        ),
        "divide by the number of samples, `len(loader.dataset)`",
        "the mean over one batch times its size",
    ),
}
"""Message, advice, and what is summed."""


class AveragedByWrongCount(Rule):
    """A sum of batch means is divided by the number of samples, or one of samples by batches.

    ## What it does

    Looks for a total to which the mean loss of each batch is added, and which is then divided by
    `len(loader.dataset)`, the length of the data set, a count of the samples, the number of
    batches times their size, or the size of one batch, be it before or after it is added; and for
    one to which the mean loss of each batch times its size is added, divided by the number of
    batches.

    ## Why it matters

    Criteria of torch take the mean over the batch unless told otherwise. The sum of these means
    is the number of batches times the mean loss; divided by the number of samples it is too small
    by a factor of the batch size. With batches of 64 a cross entropy of 2.30, which is guessing
    among ten classes, is printed as 0.036. It cannot be compared with another batch size or
    another paper, a threshold on it for early stopping means something else for each loader, and
    a training loss that is averaged rightly next to a validation loss that is not looks like a
    model that does better on data it has never seen.

    ## Example

    ```python
    for x, y in loader:
        total += F.cross_entropy(model(x), y).item()
    print(total / len(loader.dataset))
    ```

    ## Instead

    ```python
    for x, y in loader:
        total += F.cross_entropy(model(x), y, reduction="sum").item()
    print(total / len(loader.dataset))
    ```

    Or add `loss.item() * len(x)`, or divide by `len(loader)`, which differs only where the last
    batch is smaller.

    ## When it is fine

    With batches of one sample. A loss that is multiplied by the size of its batch before it is
    added and then divided by the number of samples, one with `reduction="sum"` and an average of
    batch means over the number of batches are silent.

    ## Fix

    Unsafe: `len(loader)` in place of `len(loader.dataset)`, where the sum is over that loader.

    ## References

    - torch.nn.CrossEntropyLoss, argument `reduction`,
      https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html
    """

    code: ClassVar[str] = "LOS510"
    name: ClassVar[str] = "averaged-by-wrong-count"
    severity: ClassVar[Severity] = Severity.WARNING
    category: ClassVar[str] = "objective"

    def check_wrong_average(self, found: WrongAverage) -> Iterator[Diagnosis]:
        """A division by the number of something else than what was summed."""
        message, advice, added = _SAID[found.count]
        in_place = found.summed == found.place
        trail = () if in_place else (Step(found.summed, f"{added} is added here"),)
        fix = by_batches(found) if found.count is WrongCount.MEANS_BY_SAMPLES else None
        yield Diagnosis(found.place, message, advice, trail, fix=fix)
