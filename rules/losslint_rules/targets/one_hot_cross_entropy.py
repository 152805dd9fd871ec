"""LOS201: one-hot rows where class indices would do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.trail import steps_of
from losslint.analysis.domain.values import DType, TargetKind, Tensor
from losslint.analysis.events import LossCall
from losslint.analysis.objective.criteria import Expects
from losslint.finding import Severity
from losslint.rewriting import class_indices
from losslint.rule import Diagnosis, Rule


class OneHotCrossEntropy(Rule):
    """One-hot rows reach the target of `CrossEntropyLoss` or `cross_entropy`.

    ## What it does

    Reports calls of `nn.CrossEntropyLoss` and `F.cross_entropy` whose target was made by
    `F.one_hot`, by indexing an identity matrix, by `scatter_` into zeros, or by the label
    encoders of scikit-learn and Keras.

    ## Why it matters

    Cross entropy accepts two kinds of targets: class indices (int64, one per sample) and class
    probabilities (floating point, one row per sample).

    - Integer one-hot rows are neither. `F.one_hot` returns int64, so the call raises "Expected
      floating point type for target with class probabilities, got Long". This is an error.
    - Float one-hot rows are legal and give the same loss as indices, at a price: for a
      segmentation batch of 8 x 21 x 512 x 512 they take 168 MiB instead of 16. This is a warning.
    - Two options change with probabilities: a class number for `ignore_index` raises, and
      with `weight` the mean is taken over the samples instead of the sum of their weights.

    ## Example

    ```python
    labels = torch.randint(0, 10, (32,))
    targets = F.one_hot(labels, num_classes=10)

    loss = F.cross_entropy(model(images), targets)  # raises
    ```

    ## Instead

    ```python
    labels = torch.randint(0, 10, (32,))

    loss = F.cross_entropy(model(images), labels)
    ```

    Where only one-hot rows are at hand, `targets.argmax(dim=1)` gives the indices. For softened
    targets there is `label_smoothing=0.1`.

    ## When it is fine

    Rows that are not one-hot any more: smoothed, mixed (mixup, cutmix), or a teacher's
    probabilities. These are not reported, and neither are one-hot rows for Dice, focal or
    embedding losses.

    ## Objections

    *"One-hot is more standard."* In formulas, where it is a way to write "the entry of the
    right class". Data sets give indices, metrics take them, and picking an entry is what the
    loss does with them: value and gradient are the same to the last digits.

    ## Fix

    The rows give way to the indices that `one_hot` or an identity matrix made them of, where
    nothing else reads them and the loss has no `weight`, `ignore_index` or `label_smoothing`. Safe
    for float rows of indices that have one dimension for sure, else unsafe.

    ## References

    - torch: [CrossEntropyLoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html),
      on its two kinds of targets
    - torch: [one_hot](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.one_hot.html)
    """

    code: ClassVar[str] = "LOS201"
    name: ClassVar[str] = "one-hot-cross-entropy"
    severity: ClassVar[Severity] = Severity.WARNING
    category: ClassVar[str] = "targets"

    def check_loss_call(self, call: LossCall) -> Iterator[Diagnosis]:
        """One-hot rows reach a cross entropy as its target."""
        target = call.target
        if call.criterion.expects is not Expects.LOGITS or not isinstance(target, Tensor):
            return
        if target.target is not TargetKind.ONE_HOT:
            return
        integer = target.dtype is DType.INT
        problem = (
            "integer one-hot rows, which it refuses at run time"
            if integer
            else "one-hot rows, which cost as much memory as the logits and say no more than "
            "the class indices"
        )
        yield Diagnosis(
            call.place,
            f"the target of {call.title} is {problem}",
            "pass the class indices, of shape (N,) and dtype long",
            (*steps_of(target.trail), *call.built),
            target.confidence,
            Severity.ERROR if integer else None,
            None if _CHANGE_THE_MEAN & call.options.keys() else class_indices(call.place),
        )


_CHANGE_THE_MEAN = {"weight", "ignore_index", "label_smoothing"}
"""Options with which rows and indices are not averaged alike."""
