"""LOS312: torch.where hides a division by zero from the loss and not from the gradient."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.events import OperationInLoss, OperationKind
from losslint.finding import Severity
from losslint.rewriting import guarded_where
from losslint.rule import Diagnosis, Rule


class WhereGuardedDivision(Rule):
    """torch.where replaces the result of a division by zero, and its gradient is NaN all the same.

    ## What it does

    Looks on the way to a loss for `torch.where(d > 0, x / d, 0)`: a division in one branch by what
    the condition tests. A divisor that is clamped, or replaced by another `torch.where` before the
    division, is left alone.

    ## Why it matters

    Both branches are computed for all elements; `where` only picks. The forward pass is right: for
    d = 0 the result is 0. In the backward pass the branch that was not picked gets a gradient of
    0, and the division multiplies it with its derivative 1 / d, which is infinite: 0 * inf is NaN.
    For x = [1, 1] and d = [2, 0] the result of `torch.where(d > 0, x / d, 0)` is [0.5, 0.0], and
    the gradient of its sum for x is [0.5, NaN].

    ## Example

    ```python
    def relative_error(error, size):
        return torch.where(size > 0, error / size, torch.zeros_like(error)).mean()
    ```

    ## Instead

    ```python
    def relative_error(error, size):
        safe = torch.where(size > 0, size, torch.ones_like(size))
        return torch.where(size > 0, error / safe, torch.zeros_like(error)).mean()
    ```

    The divisor is now never zero in either pass. Where a small error does not matter,
    `error / size.clamp(min=1e-6)` is shorter.

    ## When it is fine

    When neither the dividend nor the divisor depends on a parameter.

    ## Fix

    Unsafe: the divisor is replaced by one where the quotient is not selected, if the division
    is written inside `torch.where` and its divisor is a variable. Values stay the same; the
    gradient is a number again.

    ## References

    - torch.where, https://docs.pytorch.org/docs/stable/generated/torch.where.html
    - The double-where trick, in the frequently asked questions of JAX,
      https://docs.jax.dev/en/latest/faq.html#gradients-contain-nan-where-using-where
    """

    code: ClassVar[str] = "LOS312"
    name: ClassVar[str] = "where-guarded-division"
    severity: ClassVar[Severity] = Severity.WARNING
    category: ClassVar[str] = "numerics"

    def check_operation(self, found: OperationInLoss) -> Iterator[Diagnosis]:
        """A division that where replaces."""
        operation = found.operation
        if operation.kind is not OperationKind.UNSELECTED:
            return
        yield Diagnosis(
            operation.place,
            "torch.where hides this division by zero from the loss, but its gradient is NaN",
            "make the divisor safe before dividing: `x / torch.where(d > 0, d, 1)`",
            operation.trail,
            operation.operand.confidence,
            fix=guarded_where(operation.place),
        )
