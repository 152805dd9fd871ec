"""LOS307: a guard that rounding takes away again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.marks import SUBTRACTED_TOO
from losslint.analysis.events import OperationInLoss, OperationKind
from losslint.finding import Severity
from losslint.rewriting import roomy_guard
from losslint.rule import Diagnosis, Rule


class EpsilonTooSmall(Rule):
    """A small constant is to keep a value from one, and float32 rounds it away.

    ## What it does

    Looks for guards next to one that are absorbed before they can help: `1 - p` where `p` was
    clamped at `1 - 1e-8`, `1 - (p + 1e-8)`, `1 + 1e-8 - p`, where that goes into a logarithm or
    a divisor; and a clamp at `1 - 1e-8` before `acos`, `asin`, `atanh` or `logit`. A constant that
    is added after the subtraction, `1 - p + 1e-8`, is a guard and left alone.

    ## Why it matters

    Between 0.5 and 1 the numbers of float32 are 6e-8 apart, above 1 they are 1.2e-7 apart.
    `torch.tensor(1.0).clamp(max=1 - 1e-8)` is 1.0, as 1 - 1e-8 is rounded to 1 on the way; so
    `log(1 - p)` of the clamped value is -inf. `1 + 1e-8 - p` at p = 1 is 0.0, and
    `1 - (p + 1e-8)` is 0.0 too; with a larger constant the last one is negative, and its logarithm
    NaN. Near zero there is no such limit: `p + 1e-8` and `clamp(min=1e-8)` do what they say.

    The largest float32 below one is 1 - 6e-8. Code that came from NumPy, where numbers are float64
    and 1 - 1e-8 is a number of its own, has this fault most often.

    ## Example

    ```python
    eps = 1e-8
    p = output.clamp(eps, 1 - eps)
    loss = -(y * torch.log(p) + (1 - y) * torch.log(1 - p)).mean()
    ```

    ## Instead

    ```python
    eps = 1e-6
    p = output.clamp(eps, 1 - eps)
    loss = -(y * torch.log(p) + (1 - y) * torch.log(1 - p)).mean()
    ```

    Better still is a loss that takes the logits and needs no guard,
    `F.binary_cross_entropy_with_logits`. In float16 and bfloat16 numbers lie further apart: the
    largest below one are 1 - 4.9e-4 and 1 - 3.9e-3.

    ## When it is fine

    When everything is float64. Say so on the line: `# losslint: ignore[LOS307] reason`.

    ## Fix

    Unsafe: a constant that is written out next to a one becomes 1e-6.

    ## References

    - torch.finfo, https://docs.pytorch.org/docs/stable/type_info.html
    - Goldberg: What every computer scientist should know about floating-point arithmetic (1991),
      https://doi.org/10.1145/103162.103163
    """

    code: ClassVar[str] = "LOS307"
    name: ClassVar[str] = "epsilon-too-small"
    severity: ClassVar[Severity] = Severity.WARNING
    category: ClassVar[str] = "numerics"

    def check_operation(self, found: OperationInLoss) -> Iterator[Diagnosis]:
        """An operation whose argument has a guard that is absorbed."""
        operation, reason = found.operation, found.operation.zero
        if operation.kind not in _GUARDED or reason is None or reason.kind != "epsilon":
            return
        subtracted = reason.text == SUBTRACTED_TOO
        yield Diagnosis(
            reason.place,
            f"this guard {'is none' if subtracted else 'is absorbed'}: {reason.text}",
            _BEHIND if subtracted else f"use 1e-6 or more next to one, or {_BEHIND}",
            operation.trail,
            operation.operand.confidence,
            fix=roomy_guard(reason.place),
        )


_BEHIND = "add the constant after the subtraction: `1 - p + 1e-8`"
_GUARDED = (OperationKind.LOG, OperationKind.DIVISION, OperationKind.DOMAIN)
