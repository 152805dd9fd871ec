"""LOS303: a loss takes the square root of a value that can be zero."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.trail import Step
from losslint.analysis.domain.values import Act
from losslint.analysis.events import OperationInLoss, OperationKind
from losslint.finding import Severity
from losslint.rewriting import guarded_root
from losslint.rule import Diagnosis, Rule

_BELOW_ZERO = frozenset({"sine", "distance"})
"""Kinds of differences that rounding can take below zero, by more than a small constant."""


class UnguardedSqrt(Rule):
    """A loss takes the square root of a value that can be zero.

    ## What it does

    Looks for `sqrt`, `** 0.5` and `pow(0.5)` on the way to a loss whose argument some batch can
    make zero: a mean squared error (the RMSE loss), a sum of squares (a norm or a distance by
    hand), a variance, a divergence, `1 - cos ** 2`, something clamped at zero, the raw output of a
    layer. An argument with a guard inside the root is left alone, and so are `norm`, `cdist` and
    `F.pairwise_distance`, whose gradient at zero is finite.

    ## Why it matters

    The square root of zero is a harmless 0.0, so nothing shows in the loss. Its derivative
    `1 / (2 * sqrt(x))` is infinite there, and the chain rule multiplies it with the derivative of
    what is inside, which for a square is 0: infinity times zero is NaN. The RMSE of a prediction
    that is exactly right is 0.0, and its gradient is NaN for every weight of the model. In
    a matrix of pairwise distances `((x[:, None] - x) ** 2).sum(-1).sqrt()` the diagonal is always
    zero, so the gradient is NaN at the first step. `x.norm(dim=-1)` of a zero vector has the
    gradient 0.0, as its derivative is written with that case in mind.

    An eps outside does not help: `torch.sqrt(x) + 1e-8` has the derivative of `torch.sqrt(x)`.

    ## Example

    ```python
    class RMSELoss(nn.Module):
        def forward(self, prediction, target):
            return torch.sqrt(F.mse_loss(prediction, target))
    ```

    ## Instead

    ```python
    class RMSELoss(nn.Module):
        def __init__(self, eps=1e-8):
            super().__init__()
            self.eps = eps

        def forward(self, prediction, target):
            return torch.sqrt(F.mse_loss(prediction, target) + self.eps)
    ```

    With eps = 1e-8 the gradient of a perfect prediction is 0.0, and an error of 0.001 reads
    0.001005. For distances use `torch.linalg.vector_norm(x - y, dim=-1)` or `torch.cdist(x, y)`.
    Where zero comes from a clamp, clamp a little above it: `x.clamp(min=1e-8).sqrt()`.

    ## When it is fine

    When the value is never zero for a reason that the code does not show. Where no gradient goes
    through the root, as in a metric, it is harmless and not reported. What a loss is given as its
    label or target, by the name, is taken for data where nothing more is known of it. A relu's
    backward gives zero where its output is zero, whatever gradient comes: the root of the squares
    of a relu alone is not reported.

    ## Fix

    Unsafe: `1e-8` is added inside the root; a difference, which can come out below zero, is clamped
    there.

    ## References

    - torch.sqrt, https://docs.pytorch.org/docs/stable/generated/torch.sqrt.html
    - torch.linalg.vector_norm,
      https://docs.pytorch.org/docs/stable/generated/torch.linalg.vector_norm.html
    """

    code: ClassVar[str] = "LOS303"
    name: ClassVar[str] = "unguarded-sqrt"
    severity: ClassVar[Severity] = Severity.WARNING
    category: ClassVar[str] = "numerics"

    def check_operation(self, found: OperationInLoss) -> Iterator[Diagnosis]:
        """A square root of something that can be zero, for a reason that the code shows."""
        operation, given = found.operation, found.operation.operand
        if operation.kind is not OperationKind.ROOT or found.guarded:
            return
        reason = given.zero
        steps = operation.trail
        if reason is not None:
            why = reason.text
            if reason.place != operation.place:
                steps = (*steps, Step(reason.place, "this can be zero"))
        elif given.act is Act.RAW and not found.mixed:
            why = "a raw output can be zero or negative"
        else:
            return
        yield Diagnosis(
            operation.place,
            f"the gradient of `{operation.function}` is infinite at zero: {why}",
            "keep what is under the root above zero: `torch.sqrt(x.clamp(min=1e-8))`"
            if reason is not None and reason.kind in _BELOW_ZERO
            else "add a small constant inside the root: `torch.sqrt(x + 1e-8)`",
            steps,
            given.confidence,
            fix=None if reason is None else guarded_root(operation.place),
        )
