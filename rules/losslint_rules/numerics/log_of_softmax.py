"""LOS306: the logarithm of a softmax, sigmoid or sum of exponentials, in two steps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.values import Act
from losslint.analysis.events import OperationInLoss, OperationKind
from losslint.analysis.tensors.cut_offs import DROPPED
from losslint.analysis.tensors.forms import BOTH_CLASSES, FEW_EXP, OF_LOGARITHM, RUNNING_EXP
from losslint.finding import Severity
from losslint.rewriting import in_one_step
from losslint.rule import Diagnosis, Rule


class LogOfSoftmax(Rule):
    """A loss takes the logarithm of a softmax, a sigmoid or a sum of exponentials in two steps.

    ## What it does

    Looks for `log(softmax(x))`, `log(sigmoid(x))`, `log(1 - sigmoid(x))`, `log(sum(exp(x)))`,
    `log(1 + exp(x))` and `log(cosh(x))` on the way to a loss, also when the two steps are
    statements, functions or files apart, and also when the softmax is indexed or gathered in
    between. A guard such as `log(softmax(x) + 1e-8)` does not silence it, for the reason below.
    Of what a layer makes of its own parameters, as its noise in a Bayesian network, the way to what
    its `forward` gives is enough.

    ## Why it matters

    The first step rounds and overflows, the second cannot bring back what was lost. For two
    logits 104 or more apart the softmax of the smaller is exactly 0 in float32: its negative
    logarithm is inf and the gradient NaN. The gradient goes first: at a distance of 90 the loss
    still reads 90.0 and the gradient is already inf and NaN. In float16 a distance of 18 is
    enough for the inf. `log(1 - sigmoid(x))` is -inf from `x = 17` on, `log(1 + exp(x))` and
    `log(exp(x).sum())` are inf from about 89, `log(cosh(x))` from about 90.

    An eps removes the inf and with it the gradient: for logits 25 apart, `log(softmax(x) + 1e-8)`
    has a gradient of 0.0014 where that of `log_softmax` is 1, and clamping at 1e-8 leaves
    exactly 0. The most wrong samples are then those from which nothing is learnt.

    ## Example

    ```python
    probs = F.softmax(policy(states), dim=-1)
    chosen = probs.gather(1, actions.unsqueeze(1)).squeeze(1)
    loss = -(torch.log(chosen) * advantages).mean()
    ```

    ## Instead

    ```python
    log_probs = F.log_softmax(policy(states), dim=-1)
    chosen = log_probs.gather(1, actions.unsqueeze(1)).squeeze(1)
    loss = -(chosen * advantages).mean()
    ```

    | two steps | one step |
    | --- | --- |
    | `log(softmax(x))` | `F.log_softmax(x, dim)` |
    | `log(sigmoid(x))` | `F.logsigmoid(x)` |
    | `log(1 - sigmoid(x))` | `F.logsigmoid(-x)` |
    | `log(exp(x).sum(dim))` | `torch.logsumexp(x, dim)` |
    | `log(exp(x).cumsum(dim))` | `torch.logcumsumexp(x, dim)` |
    | `log(exp(a) + exp(b))` | `torch.logaddexp(a, b)` |
    | `log(1 + exp(x))`, `log1p(exp(x))` | `F.softplus(x)` |
    | `log(cosh(x))` | `x.abs() - torch.log1p(torch.tanh(x.abs()))` |

    ## When it is fine

    When probabilities are summed or masked before the logarithm, log_softmax is no replacement;
    such code is not reported here. In a metric that is only printed the two steps are harmless,
    and code that no gradient passes through is not reported either.

    ## Fix

    Safe, where both steps are one expression with nothing in between. A guard between them changes
    the meaning, a selection the order: there it is for you to rewrite.

    ## References

    - torch.nn.functional.log_softmax,
      https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.log_softmax.html
    - torch.nn.functional.logsigmoid,
      https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.logsigmoid.html
    - torch.logsumexp, https://docs.pytorch.org/docs/stable/generated/torch.logsumexp.html
    - Blanchard, Higham, Higham: Accurately computing the log-sum-exp and softmax functions
      (2021), https://doi.org/10.1093/imanum/draa038
    """

    code: ClassVar[str] = "LOS306"
    name: ClassVar[str] = "log-of-softmax"
    severity: ClassVar[Severity] = Severity.WARNING
    category: ClassVar[str] = "numerics"

    def check_operation(self, found: OperationInLoss) -> Iterator[Diagnosis]:
        """A logarithm of something that has a stable function of its own."""
        operation, given = found.operation, found.operation.operand
        if operation.kind is not OperationKind.LOG:
            return
        if (given.act, given.shape) in _AWAY_FROM_ZERO:
            return
        if DROPPED in given.marks:
            return  # no other function gives the logarithm of what was dropped out
        advice = _INSTEAD.get(given.shape)
        if advice is None and given.act in _STABLE:
            advice = _STABLE[given.act]
        if advice is None:
            return
        what, instead = advice
        if operation.function == "log1p":
            what = what.removeprefix("1 + ")
        if OF_LOGARITHM in given.marks and given.act is Act.SOFTMAX:
            instead = "use the log-probabilities that the exponential is taken of"
        elif given.act is Act.SOFTMAX and given.picked:
            instead += ", and select from its result"
        place = operation.place
        yield Diagnosis(
            place,
            f"`{operation.function}` of {what} loses its value and its gradient where that is "
            "near zero"
            if given.act is not Act.UNKNOWN
            else f"`{operation.function}` of {what} overflows where the exponential does",
            instead,
            operation.trail,
            given.confidence,
            fix=in_one_step(place),
        )


_AWAY_FROM_ZERO = {
    (Act.SOFTMAX, "maximum"),
    (Act.SOFTMAX, "single"),
    (Act.SOFTMAX, "cosine"),
    (Act.SIGMOID, "cosine"),
}
"""The largest of some shares, the only one of all, which is one, and shares of cosines."""
_STABLE = {
    Act.SOFTMAX: ("a softmax", "use log_softmax on the logits"),
    Act.SIGMOID: ("a sigmoid", "use logsigmoid on the logits"),
}
_INSTEAD = {
    "one-minus": ("1 - sigmoid(x)", "use logsigmoid(-x) on the logits"),
    BOTH_CLASSES: ("1 - sigmoid(x) and sigmoid(x)", "use logsigmoid(-x) and logsigmoid(x)"),
    "sumexp": ("a sum of exponentials", "use torch.logsumexp"),
    FEW_EXP: ("a sum of exponentials", "use torch.logaddexp"),
    RUNNING_EXP: ("a sum of exponentials", "use torch.logcumsumexp"),
    "1+exp": ("1 + exp(x)", "use softplus"),
    "cosh": ("cosh(x)", "use x + softplus(-2 * x) - ln 2"),
}
