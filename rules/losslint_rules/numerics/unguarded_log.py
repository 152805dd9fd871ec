"""LOS302: a loss takes the logarithm of a value that can be zero or negative."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.trail import Step
from losslint.analysis.domain.values import Act, Sign, Tensor
from losslint.analysis.events import Operation, OperationInLoss, OperationKind
from losslint.analysis.tensors.forms import BOTH_CLASSES, DENSITY, JOINT, OVERDRAWN
from losslint.finding import Severity
from losslint.rewriting import guarded_logarithm
from losslint.rule import Diagnosis, Rule

_OF_DENSITY = (
    "add logarithms instead: `Normal(mean, std).log_prob(y)`, and over the components of a "
    "mixture `torch.logsumexp(log_weights + log_densities, dim=-1)`"
)
_OF_PRODUCT = "add the logarithms of both instead, each of them guarded or of its logits"
_OF_LOGITS = (
    "take the logarithm of probabilities, in one step: `F.log_softmax(x, dim=1)`, "
    "`F.logsigmoid(x)`; what has to be above zero goes through `F.softplus` first"
)
_OF_ROWS = "leave out the rows of which nothing is selected, or clamp: `x.clamp(min=1e-8)`"
_OF_COSINES = "bring it between 0 and 1 first, with a guard: `(1 + x).clamp(min=1e-6) / 2`"
_OF_OTHERS = "clamp the argument away from zero first: `x.clamp(min=1e-8)`"


class UnguardedLog(Rule):
    """A loss takes the logarithm of a value that can be zero or negative.

    ## What it does

    Looks for `log`, `log2` and `log10` on the way to a loss whose argument can be zero or below:
    a mean, sum or product of probabilities, a ratio, a cosine, the raw output of a layer or its
    square, a masked sum, a spectrogram, what an overlap leaves to one, the density of a normal
    distribution, a mixture of such, and a number minus a relu or an exponential of a raw output, to
    which no eps is added that helps.
    Guarded arguments (an added eps, `clamp(min=...)`, `masked_fill`, a mask that picks the
    positive entries) are left alone, and so is the mean of the softmax of many samples. The
    logarithm of a single softmax or sigmoid is the business of LOS306, which knows a better repair
    than an eps.

    ## Why it matters

    `log(0)` is -inf and the logarithm of a negative number is NaN; the gradient `1 / x` is
    infinite at zero. The mean of `-log(p)` over `p = [0.0, 0.5]` is inf, and the gradient of the
    first entry is -inf. The entropy term `-(p * log(p)).sum()` of the same values is NaN, as
    `0 * -inf` is NaN, although its limit is a plain 0. Products reach zero sooner than one would
    think: ten probabilities of 1e-5 multiply to 1e-50, which float32 rounds to 0, so the
    logarithm of the product is -inf where the sum of the logarithms is -115.13.

    ## Example

    ```python
    def sequence_nll(step_probs, lengths):
        # (batch, time) probabilities of the right token
        likelihood = step_probs.prod(dim=1)
        return (-torch.log(likelihood) / lengths).mean()
    ```

    ## Instead

    ```python
    def sequence_nll(step_log_probs, lengths):
        # (batch, time) log-probabilities, out of F.log_softmax
        return (-step_log_probs.sum(dim=1) / lengths).mean()
    ```

    Where the argument is a sum or a mean, put a floor under it: `torch.log(x.clamp(min=1e-8))`
    stops the gradient below the floor, `torch.log(x + 1e-8)` lets a very steep one through
    (-5e7 at zero for the mean of two). A logarithm of a product is a sum of logarithms, a
    logarithm of a ratio is a difference. For `log(1 + x)` use `torch.log1p(x)`: at 1e-8 the
    first is 0.0 in float32, the second 1e-8. A layer whose output goes into a logarithm should
    predict the logarithm instead, or end in `softplus` plus a small constant.

    ## When it is fine

    When the value is positive by construction in a way that the analysis cannot see, or where
    -inf is wanted, as in a causal mask. Say so on the line: `# losslint: ignore[LOS302] reason`.

    ## Fix

    Unsafe: the argument is clamped at `1e-8`. None for raw outputs, the output of a tanh and
    densities: a clamp gives no gradient to what is negative, or far from its mean.

    ## References

    - torch.log, https://docs.pytorch.org/docs/stable/generated/torch.log.html
    - torch.log1p, https://docs.pytorch.org/docs/stable/generated/torch.log1p.html
    """

    code: ClassVar[str] = "LOS302"
    name: ClassVar[str] = "unguarded-log"
    severity: ClassVar[Severity] = Severity.WARNING
    category: ClassVar[str] = "numerics"

    def check_operation(self, found: OperationInLoss) -> Iterator[Diagnosis]:
        """A logarithm of something that can be zero, and that no stable function covers."""
        operation, given = found.operation, found.operation.operand
        if operation.kind is not OperationKind.LOG or found.guarded:
            return
        if given.sign is Sign.POSITIVE:
            return
        may_be_negative = given.act in (Act.TANH, Act.RAW)
        if given.zero is not None and given.zero.kind == "epsilon":
            return  # there is a guard, of no use: LOS307
        if given.act is Act.PROB and given.shape not in ("one-minus", BOTH_CLASSES):
            why = "probabilities that were combined can be as small as zero"
        elif given.act is Act.TANH and not found.mixed:
            why = "the output of a tanh lies between -1 and 1"
        elif given.act is Act.RAW and not found.mixed:
            why = "a raw output can be zero or negative"
        elif given.zero is not None:
            why = given.zero.text
        else:
            return
        may_be_negative |= given.zero is not None and given.zero.kind in (OVERDRAWN, "cosine")
        density = given.zero is not None and given.zero.kind == DENSITY
        joint = given.shape == "product" and JOINT in given.marks and given.mask is None
        yield Diagnosis(
            operation.place,
            f"`{operation.function}` of a value that can be zero: {why}",
            _way(given, density=density, joint=joint),
            _steps(operation, why),
            given.confidence,
            # A clamp gives no gradient to what is negative, or that far away.
            fix=None if may_be_negative or density else guarded_logarithm(operation.place),
        )


def _steps(operation: Operation, why: str) -> tuple[Step, ...]:
    """The way that the value took; where a mask may select nothing, that mask says it all."""
    reason = operation.operand.zero
    if reason is None or reason.text != why or reason.place == operation.place:
        return operation.trail
    if reason.kind == "mask":
        return (Step(reason.place, "this may select nothing"),)
    return (*operation.trail, Step(reason.place, "this can be zero"))


def _way(given: Tensor, *, density: bool, joint: bool) -> str:
    """What to do instead."""
    if density:
        return _OF_DENSITY
    if joint:
        return _OF_PRODUCT
    if given.act is Act.RAW:
        return _OF_LOGITS
    kind = given.zero.kind if given.zero is not None else ""
    return {"mask": _OF_ROWS, "cosine": _OF_COSINES}.get(kind, _OF_OTHERS)
