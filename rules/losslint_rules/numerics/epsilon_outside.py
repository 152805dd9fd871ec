"""LOS308: a guard at the wrong place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.events import OperationInLoss, OperationKind
from losslint.finding import Severity
from losslint.rewriting import guarded_inside
from losslint.rule import Diagnosis, Rule


class EpsilonOutside(Rule):
    """A small constant is added to a logarithm, a root or a quotient and not inside of it.

    ## What it does

    Looks on the way to a loss for `log(x) + eps`, `sqrt(x) + eps` and `a / b + eps`, where `x` or
    `b` can be zero for a reason that the code shows. The constant is at most 1e-3, or called eps.
    Where the same operation has a guard inside as well, nothing is said.

    ## Why it matters

    The guard is meant to keep the argument from zero, and comes too late for that. At zero
    `log(0) + 1e-8` is -inf, `0 / 0 + 1e-8` is NaN. `sqrt(0) + 1e-8` is 1e-8 and looks right, but
    its derivative is that of the root, which is infinite at zero, and the gradient of
    `sqrt(((x - y) ** 2).sum()) + 1e-8` is NaN where `x` equals `y`. A constant that is added to a
    result changes no gradient at all.

    ## Example

    ```python
    distance = torch.sqrt(((anchor - positive) ** 2).sum(dim=1)) + 1e-8
    iou = intersection / union + 1e-6
    ```

    ## Instead

    ```python
    distance = torch.sqrt(((anchor - positive) ** 2).sum(dim=1) + 1e-8)
    iou = intersection / (union + 1e-6)
    ```

    ## When it is fine

    When the argument is never zero and the constant is there for what follows, as in
    `1 / (torch.sqrt(x) + eps)` with a positive `x`.

    ## Fix

    Unsafe: the constant is put inside the operation.

    ## References

    - torch.sqrt, https://docs.pytorch.org/docs/stable/generated/torch.sqrt.html
    - torch.log, https://docs.pytorch.org/docs/stable/generated/torch.log.html
    """

    code: ClassVar[str] = "LOS308"
    name: ClassVar[str] = "epsilon-outside"
    severity: ClassVar[Severity] = Severity.WARNING
    category: ClassVar[str] = "numerics"

    def check_operation(self, found: OperationInLoss) -> Iterator[Diagnosis]:
        """An operation to whose result a guard was added."""
        operation, reason = found.operation, found.operation.zero
        if operation.kind is not OperationKind.OUTSIDE or found.guarded or reason is None:
            return
        inside = _INSIDE.get(operation.function, "put it inside: `torch.sqrt(x + 1e-8)`")
        yield Diagnosis(
            operation.place,
            f"the constant is added after `{operation.function}` and guards only what comes behind "
            f"it: {reason.text}",
            inside,
            operation.trail,
            operation.operand.confidence,
            fix=guarded_inside(operation.place),
        )


_INSIDE = {
    "/": "add it to the divisor: `a / (b + 1e-8)`",
    "log": "put it inside: `torch.log(x + 1e-8)`",
    "log2": "put it inside: `torch.log2(x + 1e-8)`",
    "log10": "put it inside: `torch.log10(x + 1e-8)`",
}
