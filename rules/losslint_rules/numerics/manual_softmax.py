"""LOS305: a softmax is written out, without subtracting the maximum."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.events import OperationInLoss, OperationKind
from losslint.finding import Severity
from losslint.rewriting import softmax_in_one_step
from losslint.rule import Diagnosis, Rule


class ManualSoftmax(Rule):
    """A softmax is written out as exponentials over their sum, on the way to a loss.

    ## What it does

    Looks for `exp(x) / exp(x).sum(...)`, also over several statements and functions, where no
    maximum was subtracted from `x` and nothing else bounds it, and for the quotient of a
    contrastive loss, `exp(positive) / exp(all).sum(...)`. An eps in the divisor does not silence
    it. Where the quotient of one `x` goes into a logarithm, LOS306 says so there, as it knows the
    better repair. Of a raw output, `exp(x) / (1 + exp(x))` and `exp(x) / (exp(x) + exp(y))` are
    looked for as well, which are sigmoids.

    ## Why it matters

    `exp(x)` is inf in float32 from x = 88.73 on, in float16 from 11.09 on. For the logits
    [100, 0] the quotient is inf / inf = NaN, where `torch.softmax` gives [1, 0]. For [-110, -120]
    both exponentials are 0, and 0 / 0 is NaN; `torch.softmax` gives [0.99995, 0.00005]. With an
    eps in the divisor the result is [0, 0], which is no distribution. Logits of that size are
    nothing special: an over-confident model, a small temperature or a high learning rate gives
    them.

    ## Example

    ```python
    scores = self.score(tokens).squeeze(-1)
    weights = torch.exp(scores)
    weights = weights / weights.sum(dim=1, keepdim=True)
    pooled = (weights.unsqueeze(-1) * tokens).sum(dim=1)
    ```

    ## Instead

    ```python
    scores = self.score(tokens).squeeze(-1)
    weights = torch.softmax(scores, dim=1)
    pooled = (weights.unsqueeze(-1) * tokens).sum(dim=1)
    ```

    For a mask, fill the scores with -inf before: `scores.masked_fill(~mask, float("-inf"))`. The
    contrastive quotient and its logarithm together are `F.cross_entropy` on the similarities, with
    the index of the positive as the target, or a difference of two `logsumexp`.

    ## When it is fine

    When `x` is bounded for a reason that the code does not show. torch.softmax is then no worse.

    ## Fix

    Safe: `torch.softmax` where the sum is over one dimension and keeps it, and both
    exponentials are of one expression: the same function, which does not overflow.

    ## References

    - torch.nn.functional.softmax,
      https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.softmax.html
    - Blanchard, Higham, Higham: Accurately computing the log-sum-exp and softmax functions
      (2021), https://doi.org/10.1093/imanum/draa038
    - van den Oord, Li, Vinyals: Representation learning with contrastive predictive coding (2018),
      https://arxiv.org/abs/1807.03748
    """

    code: ClassVar[str] = "LOS305"
    name: ClassVar[str] = "manual-softmax"
    severity: ClassVar[Severity] = Severity.WARNING
    category: ClassVar[str] = "numerics"

    def check_operation(self, found: OperationInLoss) -> Iterator[Diagnosis]:
        """A quotient of exponentials."""
        operation = found.operation
        if operation.kind is OperationKind.SIGMOID:
            yield Diagnosis(
                operation.place,
                "a sigmoid written out: inf / inf is NaN where the exponential overflows",
                "use torch.sigmoid(x), where there are two exponentials of the difference of their "
                "exponents",
                operation.trail,
                operation.operand.confidence,
            )
        if operation.kind is not OperationKind.SOFTMAX:
            return
        yield Diagnosis(
            operation.place,
            "a softmax written out: inf / inf is NaN where an exponential overflows, "
            "0 / 0 where all of them vanish",
            "use torch.softmax, which subtracts the maximum; under a logarithm use "
            "F.cross_entropy or torch.logsumexp",
            operation.trail,
            operation.operand.confidence,
            fix=softmax_in_one_step(operation.place),
        )
