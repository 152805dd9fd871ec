"""LOS506: classes are evened out by the sampler and by the loss."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.trail import Step
from losslint.analysis.events import LossCall
from losslint.finding import Severity
from losslint.rule import Diagnosis, Rule


class DoubleImbalanceCorrection(Rule):
    """A weighted sampler and class weights correct the same imbalance twice.

    ## What it does

    Reports a cross entropy with `weight`, or a binary one with `pos_weight`, whose batches come
    from a loader with a `WeightedRandomSampler`.

    ## Why it matters

    Each of the two alone makes all classes count alike. Together they multiply, and the rare
    class counts more than the others by as much as it counted less before: with 90 negatives
    for 10 positives the sampler draws as many of both, and a `pos_weight` of 9 then gives the
    positives nine tenths of the loss. On features that say nothing of the label the optimum is a
    probability of 0.10 without a correction, 0.50 with one, and 0.90 with both. The model calls
    almost everything rare; recall looks splendid, and precision is gone.

    ## Example

    ```python
    sampler = WeightedRandomSampler(class_weights[labels], len(labels))
    loader = DataLoader(data, batch_size=64, sampler=sampler)
    criterion = nn.CrossEntropyLoss(weight=class_weights)
    ```

    ## Instead

    ```python
    loader = DataLoader(data, batch_size=64, shuffle=True)
    criterion = nn.CrossEntropyLoss(weight=class_weights)
    ```

    Or keep the sampler and drop the weights, where batches without any sample of a rare class
    are the trouble. Either way the outputs are no longer the probabilities of the data: move the
    threshold, or correct the prior, before they are read as such.

    ## When it is fine

    Where the two are about different things: a sampler that evens out sources or difficulty and
    weights that even out classes, or each doing its half on purpose, such as square roots of the
    inverse frequency on both sides. Say so there: `# losslint: ignore[LOS506] reason`. Weights that
    are all one, and a validation loader without the sampler, are silent.

    ## References

    - torch.utils.data.WeightedRandomSampler,
      https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.WeightedRandomSampler
    - Buda, Maki, Mazurowski: A systematic study of the class imbalance problem in convolutional
      neural networks (2018), https://arxiv.org/abs/1710.05381
    """

    code: ClassVar[str] = "LOS506"
    name: ClassVar[str] = "double-imbalance-correction"
    severity: ClassVar[Severity] = Severity.WARNING
    category: ClassVar[str] = "objective"

    def check_loss_call(self, call: LossCall) -> Iterator[Diagnosis]:
        """A loss with weights of classes on batches that were evened out before."""
        if call.evened is None:
            return
        yield Diagnosis(
            call.place,
            f"{call.title} weights the classes of batches whose sampler has evened them out "
            "already: the rare ones now outweigh the others",
            "keep one of the two, the weights or the sampler",
            (Step(call.evened, "the sampler is built here"), *call.built),
        )
