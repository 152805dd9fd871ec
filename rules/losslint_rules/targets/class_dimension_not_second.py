"""LOS209: sequences whose classes stand last in a cross entropy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.sizes import ANY, at, rank
from losslint.analysis.domain.values import Act, Tensor
from losslint.analysis.events import LossCall
from losslint.analysis.objective.criteria import Expects
from losslint.finding import Confidence, Severity
from losslint.rewriting import classes_second
from losslint.rule import Diagnosis, Rule


class ClassDimensionNotSecond(Rule):
    """Cross entropy gets logits of shape (N, L, C): it takes the positions for classes.

    ## What it does

    Reports calls of `CrossEntropyLoss`, `NLLLoss` and their functions whose input has three
    dimensions, the last of which holds the outputs of a linear layer, without a transpose or a
    flattening on the way.

    ## Why it matters

    Cross entropy wants the classes in the second dimension: (N, C, L) with targets (N, L). Models
    of sequences give (N, L, C):

    - Mostly it raises: "Expected target size [8, 6], got [8, 20]", which names neither.
    - Where there are as many positions as classes it runs, compares the positions with each
      other, and reads 2.16 on random logits where the right loss is 2.17. Nothing looks wrong,
      and nothing is learnt.

    ## Example

    ```python
    states, _ = lstm(embedded)  # (N, L, H)
    loss = F.cross_entropy(head(states), tags)  # (N, L, C) with (N, L)
    ```

    ## Instead

    ```python
    states, _ = lstm(embedded)
    loss = F.cross_entropy(head(states).transpose(1, 2), tags)
    loss = F.cross_entropy(head(states).flatten(0, 1), tags.flatten())
    ```

    ## When it is fine

    Where the second dimension is what is chosen from, as the answers of a question, each scored
    by several judges. Say so: `# losslint: ignore[LOS209] the answers are the classes`.

    ## Fix

    Unsafe: `.transpose(1, 2)` behind the logits.

    ## References

    - torch: [CrossEntropyLoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html),
      on the shapes of its input
    - torch: [NLLLoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.NLLLoss.html)
    """

    code: ClassVar[str] = "LOS209"
    name: ClassVar[str] = "class-dimension-not-second"
    severity: ClassVar[Severity] = Severity.ERROR
    category: ClassVar[str] = "targets"

    every_path: ClassVar[bool] = True

    def check_loss_call(self, call: LossCall) -> Iterator[Diagnosis]:
        """Logits of a sequence reach a cross entropy with their classes last."""
        given, target = call.input, call.target
        if call.criterion.expects not in (Expects.LOGITS, Expects.LOG_PROBABILITIES):
            return
        if not isinstance(given, Tensor) or given.act not in (Act.RAW, Act.LOG_SOFTMAX):
            return
        classes = at(given.sizes, -1)
        if rank(given.sizes) != 3 or classes is None or classes < 2:
            return
        wanted = target.sizes if isinstance(target, Tensor) else ANY
        if rank(wanted) not in (2, None) or at(wanted, -1) == classes:
            return
        if rank(wanted) is None and at(given.sizes, 1) is not None:
            return  # either dimension can be that of the classes
        found = Diagnosis.of_input(
            call,
            f"{call.title} takes the second dimension of `{call.given}` for the classes, but its "
            f"{classes} classes are the last of three",
            "move the classes: .transpose(1, 2), or flatten batch and positions",
        )
        known = rank(wanted) == 2
        sure = Confidence.HIGH if known else Confidence.MEDIUM
        yield Diagnosis(
            found.at,
            found.message,
            found.help,
            found.trail,
            min(sure, found.confidence),
            fix=classes_second(call.place),
        )
