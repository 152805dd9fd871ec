"""LOS112: a Kullback-Leibler divergence averaged over elements."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.sizes import rank
from losslint.analysis.domain.values import Tensor
from losslint.analysis.events import LossCall
from losslint.finding import Severity
from losslint.rewriting import with_option
from losslint.rule import Diagnosis, Rule


class KlDivMeanReduction(Rule):
    """`KLDivLoss` or `kl_div` divides by the number of elements instead of the batch size.

    ## What it does

    Reports calls of `nn.KLDivLoss` and `F.kl_div` whose reduction is `mean`, which is also what
    they do where no reduction is given.

    ## Why it matters

    A Kullback-Leibler divergence is a sum over the classes. `mean` averages over them as well:

    - The result is the divergence divided by the number of classes. For a batch of 32 rows drawn
      at random it reads 0.0915 instead of 0.915 with 10 classes, and 0.0010 instead of 1.00 with
      1,000.
    - So the weight of the term depends on the number of classes. In a distillation loss over 100
      classes, beside a cross entropy that is averaged over samples only, a weight of 0.9 for the
      teacher is in truth one of 0.009.
    - It is not what the library wants either: torch warns once that `mean` is not the
      mathematical definition, and announces that it will become `batchmean`.

    ## Example

    ```python
    distill = nn.KLDivLoss()

    soft = distill(F.log_softmax(student / T, dim=1), F.softmax(teacher / T, dim=1)) * T * T
    loss = alpha * soft + (1 - alpha) * F.cross_entropy(student, y)
    ```

    ## Instead

    ```python
    distill = nn.KLDivLoss(reduction="batchmean")

    soft = distill(F.log_softmax(student / T, dim=1), F.softmax(teacher / T, dim=1)) * T * T
    loss = alpha * soft + (1 - alpha) * F.cross_entropy(student, y)
    ```

    A weight that was tuned with `mean` is to be divided by the number of classes. `batchmean`
    divides by the first dimension only: for sequences or images of shape (N, C, ...), use
    `reduction="none"`, sum over the classes, and take the mean of what is left.

    ## When it is fine

    Where the divergence is the only loss and the learning rate was tuned with it, the factor does
    no harm. Say so: `# losslint: ignore[LOS112] the only term`. A mean that is multiplied by the
    number of classes is the mean over the samples, and is not reported; nor is one that a loss
    multiplies by the number of samples.

    ## Fix

    Unsafe: `reduction="batchmean"` where the criterion is built or called. The loss becomes
    larger by the number of classes.

    ## References

    - torch: [KLDivLoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.KLDivLoss.html)
    - torch: [kl_div](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.kl_div.html)
    - Kullback, Leibler: On information and sufficiency (1951),
      https://doi.org/10.1214/aoms/1177729694
    """

    code: ClassVar[str] = "LOS112"
    name: ClassVar[str] = "kl-div-mean-reduction"
    severity: ClassVar[Severity] = Severity.WARNING
    category: ClassVar[str] = "activation"

    def check_loss_call(self, call: LossCall) -> Iterator[Diagnosis]:
        """A divergence that is averaged over its elements."""
        if call.criterion.name != "KLDivLoss" or call.reduction not in _OVER_ELEMENTS:
            return
        if call.by_rows:
            return  # times the number of classes it is the mean over the samples
        if isinstance(call.input, Tensor) and rank(call.input.sizes) == 1:
            return  # one distribution, whose elements are all there is to average over
        if not call.trains:
            return  # nothing is trained with it, so its scale has no weight
        reduction, message = '"batchmean"', "divide by the batch size"
        if call.shared_out:  # which it would be by "batchmean", too
            reduction, message = '"sum"', "leave the mean to the division by the batch size"
        yield Diagnosis(
            call.place,
            f"{call.title} divides by the number of elements, not of samples: the divergence is "
            "too small by a factor of the number of classes, or pixels, of a sample",
            f"pass reduction={reduction}, and divide a weight that was tuned before by that number",
            call.built,
            fix=with_option(call.place, message, "reduction", reduction),
        )


_OVER_ELEMENTS = ("mean", "elementwise_mean")
