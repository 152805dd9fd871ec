"""LOS310: a function at the end of its domain, or outside, on the way to a loss."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.events import OperationInLoss, OperationKind
from losslint.finding import Severity
from losslint.rewriting import inside_the_domain
from losslint.rule import Diagnosis, Rule


class UnguardedDomain(Rule):
    """A loss takes acos, asin, atanh or a fractional power where it is not differentiable.

    ## What it does

    Looks on the way to a loss for `acos` and `asin` of a cosine similarity or of a trace, and of
    what is clamped at exactly one; for `atanh` and `logit` of what is clamped at exactly one or
    comes out of a tanh; and for fractional powers of values that can be negative (the raw output
    of a layer) or, below one, zero: `x.clamp(0, 1) ** (1 / 2.2)`, and what an overlap index leaves
    to one, as in a focal Tversky loss, `(1 - index) ** 0.75`. A clamp that ends inside of one, or a
    cosine that was scaled down, is left alone, and so is a relu, whose backward gives zero where
    its output is zero, also of an infinite gradient.

    ## Why it matters

    The derivative of `acos(x)` is `-1 / sqrt(1 - x ** 2)`: -inf at one. The cosine similarity of
    a vector with itself rounds to 1 or to a little more, `acos(1.0000001)` is NaN, and so is its
    gradient. `clamp(-1, 1)` mends the value, and leaves a gradient of -inf at exactly 1. This
    happens for the sample that is predicted exactly right. In float32 `atanh(tanh(10.0))` is inf,
    as tanh(10.0) rounds to 1. `(-0.1) ** 1.5` is NaN, and the derivative of `x ** 0.7` at zero is
    inf.

    ## Example

    ```python
    def geodesic_loss(predicted, wanted):
        cosine = F.cosine_similarity(predicted, wanted, dim=-1)
        return torch.acos(cosine.clamp(-1, 1)).mean()
    ```

    ## Instead

    ```python
    def geodesic_loss(predicted, wanted, eps=1e-6):
        cosine = F.cosine_similarity(predicted, wanted, dim=-1)
        return torch.acos(cosine.clamp(-1 + eps, 1 - eps)).mean()
    ```

    The eps has to be a number that float32 can tell from one, 1e-6 rather than 1e-8. For angles
    `torch.atan2(sine, cosine)` is smooth where acos is not; where only the order matters, `1 -
    cosine` does without. A fractional power wants a floor: `x.clamp(min=1e-6) ** 0.7`.

    ## When it is fine

    When no sample can come so close, for a reason that the code does not show.

    ## Fix

    Unsafe: the argument is clamped 1e-6 away from the ends of the domain.

    ## References

    - torch.acos, https://docs.pytorch.org/docs/stable/generated/torch.acos.html
    - torch.atanh, https://docs.pytorch.org/docs/stable/generated/torch.atanh.html
    """

    code: ClassVar[str] = "LOS310"
    name: ClassVar[str] = "unguarded-domain"
    severity: ClassVar[Severity] = Severity.WARNING
    category: ClassVar[str] = "numerics"

    def check_operation(self, found: OperationInLoss) -> Iterator[Diagnosis]:
        """A function whose argument can be at the end of its domain, or outside."""
        operation, reason = found.operation, found.operation.zero
        if operation.kind is not OperationKind.DOMAIN or found.guarded or reason is None:
            return
        if reason.kind == "epsilon" or (operation.function.startswith("*") and found.mixed):
            return
        yield Diagnosis(
            operation.place,
            f"the gradient of `{operation.function}` is infinite or NaN here: {reason.text}",
            "clamp the argument to the inside of the domain: `x.clamp(-1 + 1e-6, 1 - 1e-6)`"
            if not operation.function.startswith("*")
            else "clamp the base away from zero: `x.clamp(min=1e-6)`",
            operation.trail,
            operation.operand.confidence,
            fix=inside_the_domain(operation.place),
        )
