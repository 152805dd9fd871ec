"""LOS304: a loss takes the exponential of values that can be of any size."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.events import OperationInLoss, OperationKind
from losslint.finding import Severity
from losslint.rule import Diagnosis, Rule


class ExpOverflow(Rule):
    """A loss takes the exponential of scores or similarities that nothing bounds.

    ## What it does

    Looks on the way to a loss for `exp` of attention scores (an affine layer, perhaps with a
    LeakyReLU behind it) and of similarities (a matrix product of features that were not
    normalised), as in a contrastive loss or an attention written out. A maximum that was subtracted
    before, a clamp, a tanh, or features of unit length keep the exponential finite and silence it.
    So do the uses in which an exponential is meant to be one: a variance out of its logarithm, a
    ratio out of two log-probabilities, a kernel of a distance.

    ## Why it matters

    `exp(x)` is inf in float32 from x = 88.73 on, in float16 from 11.09 on. The dot product of two
    vectors of 128 standard normal numbers has a standard deviation of 11.3, that of such a vector
    with itself is about 128, and a temperature of 0.1 multiplies both by ten. One inf in a sum
    makes the whole sum inf; inf / inf is NaN, in the loss and then in every weight. At the start
    of training the features are small, so this happens late, often after hours.

    ## Example

    ```python
    def contrastive_loss(features, positives, temperature=0.1):
        similarity = torch.exp(features @ features.t() / temperature)
        wanted = (similarity * positives).sum(dim=1)
        return -torch.log(wanted / similarity.sum(dim=1)).mean()
    ```

    ## Instead

    ```python
    def contrastive_loss(features, positives, temperature=0.1):
        features = F.normalize(features, dim=1)
        similarity = features @ features.t() / temperature
        wanted = similarity.masked_fill(~positives.bool(), float("-inf"))
        return (similarity.logsumexp(dim=1) - wanted.logsumexp(dim=1)).mean()
    ```

    Unit vectors have similarities between -1 and 1, and `logsumexp` subtracts the maximum inside.
    In an attention, use `torch.softmax`, with masked scores at -inf, or `F.cross_entropy` where the
    softmax goes into a logarithm. For a softmax over the edges of a graph subtract the maximum of
    each node first, as `torch_geometric.utils.softmax` does.

    ## When it is fine

    When the scores are known to be small for a reason that the code does not show, for example
    because the features come normalised out of a file.

    ## References

    - torch.exp, https://docs.pytorch.org/docs/stable/generated/torch.exp.html
    - torch.logsumexp, https://docs.pytorch.org/docs/stable/generated/torch.logsumexp.html
    - Blanchard, Higham, Higham: Accurately computing the log-sum-exp and softmax functions
      (2021), https://doi.org/10.1093/imanum/draa038
    """

    code: ClassVar[str] = "LOS304"
    name: ClassVar[str] = "exp-overflow"
    severity: ClassVar[Severity] = Severity.WARNING
    category: ClassVar[str] = "numerics"

    def check_operation(self, found: OperationInLoss) -> Iterator[Diagnosis]:
        """An exponential of something unbounded that no stable function makes up for."""
        operation = found.operation
        if operation.kind is not OperationKind.EXP or found.mixed:
            return
        similarity = operation.operand.shape == "similarity"
        yield Diagnosis(
            operation.place,
            f"`{operation.function}` of {_SIMILARITIES if similarity else _SCORES} overflows "
            "from 88.73 on",
            "normalise the features first, or work with logsumexp on the similarities"
            if similarity
            else "use torch.softmax, or subtract the maximum first",
            operation.trail,
            operation.operand.confidence,
        )


_SIMILARITIES = "products of features that were not normalised"
_SCORES = "scores that nothing bounds"
