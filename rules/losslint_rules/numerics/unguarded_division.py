"""LOS301: a loss divides by a value that can be zero."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.marks import OF_LAST_ROUND
from losslint.analysis.domain.trail import Place, Step
from losslint.analysis.events import Operation, OperationInLoss, OperationKind
from losslint.finding import Severity
from losslint.rewriting import guarded_division
from losslint.rule import Diagnosis, Rule


class UnguardedDivision(Rule):
    """A loss divides by a tensor that can be zero.

    ## What it does

    Looks for divisions on the way to a loss whose divisor is a tensor that some batch can make
    zero: the sum of a mask, of predictions or of targets, a count of positives, an IoU or Dice
    denominator, a norm, a standard deviation, a difference. Also for losses that are summed over
    the rounds of a loop and divided by the index that `enumerate` gave to the last one. A divisor
    with a guard (an added eps, `clamp`, `max(1, n)`, a test for zero, `n[n == 0] = 1`) is left
    alone, and so is anything that is never zero: a batch size, a length, a constant, a sum of
    exponentials, the norm of a weight or of a whole batch, the pairs of a batch that have a label
    in common or of which one is at least the other, each row with itself among them, the number
    of positions below a length, of items above the 0 that pads what an embedding looks up. So are
    elements that are divided by their own number, of which there are none where it is zero.

    ## Why it matters

    `0 / 0` is NaN. An IoU loss on a batch in which nothing is predicted and nothing is labelled
    is NaN, and so is every entry of its gradient. `loss.sum() / mask.sum()` is NaN for an empty
    mask, although every term of the numerator is exactly 0.0. `x / x.norm()` of a zero vector is
    NaN. `std()` of a single element is NaN by itself, that of equal elements is 0.0, and
    `(x - x.mean()) / x.std()` is NaN in both cases. One such batch is enough: after one optimizer
    step on a NaN gradient all weights that it reached are NaN, and stay so.

    ## Example

    ```python
    def iou_loss(logits, masks):
        probs = torch.sigmoid(logits)
        overlap = (probs * masks).sum(dim=(1, 2, 3))
        union = (probs + masks).sum(dim=(1, 2, 3)) - overlap
        return 1 - (overlap / union).mean()
    ```

    ## Instead

    ```python
    def iou_loss(logits, masks, eps=1e-6):
        probs = torch.sigmoid(logits)
        overlap = (probs * masks).sum(dim=(1, 2, 3))
        union = (probs + masks).sum(dim=(1, 2, 3)) - overlap
        return 1 - ((overlap + eps) / (union + eps)).mean()
    ```

    With eps on both sides an empty prediction of an empty mask counts as a perfect match. For a
    masked mean, a floor of one element says what is meant: `loss.sum() / mask.sum().clamp(min=1)`.
    For unit vectors use `F.normalize(x, dim=-1)`, which has its guard inside. Guard the divisor
    itself: `torch.where(n > 0, x / n, 0)` is right in the forward pass and still sends NaN back.

    ## When it is fine

    When the data make zero impossible, for example because every sample has at least one
    positive pixel by construction. Say so on the line: `# losslint: ignore[LOS301] reason`.

    ## Objections

    *"The data is clean, no epsilon is needed."* What is zero is a batch, and batches are drawn
    anew. Where one sample in 20 has an empty mask, one batch of 2 in 400 has nothing else, and
    one of a single sample in 20. Adding 1e-8 costs nothing: in float32 a divisor of 1 or more
    does not even change.

    ## Fix

    Unsafe: `1e-8` is added to the divisor.

    ## References

    - torch.nn.functional.normalize,
      https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.normalize.html
    - Milletari, Navab, Ahmadi: V-Net (2016), the Dice loss, https://arxiv.org/abs/1606.04797
    """

    code: ClassVar[str] = "LOS301"
    name: ClassVar[str] = "unguarded-division"
    severity: ClassVar[Severity] = Severity.WARNING
    category: ClassVar[str] = "numerics"

    def check_operation(self, found: OperationInLoss) -> Iterator[Diagnosis]:
        """A division whose divisor can be zero, for a reason that the code shows."""
        operation = found.operation
        if operation.kind is not OperationKind.DIVISION or found.guarded:
            return
        reason = operation.zero
        if reason is not None and reason.kind == "epsilon":
            return  # there is a guard, of no use: LOS307
        why = reason.text if reason is not None else "a probability can be as small as zero"
        kind = reason.kind if reason is not None else ""
        steps = operation.trail
        vanishing = reason.place if reason is not None else _divisor(operation.place)
        if vanishing is not None:
            steps = (
                *steps,
                Step(
                    vanishing, "this may select nothing" if kind == "mask" else "this can be zero"
                ),
            )
        if kind == OF_LAST_ROUND:
            yield Diagnosis(
                operation.place,
                f"the divisor can be zero: {why}",
                "divide by the number of rounds: `/ len(loader)`, or the index plus one",
            )
            return
        yield Diagnosis(
            operation.place,
            f"the divisor can be zero: {why}",
            _way(operation, kind),
            steps,
            operation.operand.confidence,
            fix=guarded_division(operation.place),
        )


def _way(operation: Operation, kind: str) -> str:
    if kind != "mask":
        return "add a small constant to the divisor, or clamp it: `/ x.clamp(min=1e-8)`"
    if operation.operand.shape == "sizes":
        return "divide by one at least: `/ max(n, 1)`"
    return "divide by one at least: `/ n.clamp(min=1)`, of a Python number `/ max(n, 1)`"


def _divisor(quotient: Place) -> Place | None:
    """Where the divisor stands, if it is written behind an operator."""
    divisor = getattr(quotient.node, "right", None)
    return None if divisor is None else Place(quotient.file, divisor)
