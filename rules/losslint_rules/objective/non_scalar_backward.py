"""LOS504: backward on a loss that is still one number an element."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.trail import Step
from losslint.analysis.domain.values import Tensor
from losslint.analysis.events import Backpropagation, Family, LossTerm
from losslint.finding import Severity
from losslint.rewriting import reduced
from losslint.rule import Diagnosis, Rule

_UNREDUCED = frozenset({"loss-none", "product"})


def _is_unreduced(term: LossTerm) -> bool:
    """Whether a term is what a criterion gave for each element; a policy's may be one number."""
    return term.stage == "elements" and term.family is not Family.POLICY


class NonScalarBackward(Rule):
    """A loss with reduction='none' is backpropagated without a mean or a sum.

    ## What it does

    Looks for a backward on the result of a criterion with `reduction='none'`, also times weights
    or a mask, that nothing has reduced.

    ## Why it matters

    Backward needs a single number to start from: "grad can be implicitly created only for scalar
    outputs". The script stops there at its first step, unless the batch happens to have a single
    element.

    ## Example

    ```python
    criterion = nn.MSELoss(reduction="none")
    loss = criterion(model(x), y) * weight
    loss.backward()
    ```

    ## Instead

    ```python
    criterion = nn.MSELoss(reduction="none")
    loss = (criterion(model(x), y) * weight).mean()
    loss.backward()
    ```

    With a mask, divide the sum by the number of elements that count.

    ## When it is fine

    With `loss.backward(gradient=...)`, which says how each element counts; the rule is silent
    there. `loss.backward(torch.ones_like(loss))` is the gradient of the sum.

    ## Fix

    Unsafe: `.mean()` before `.backward()`. The program raised before; whether a mean or a sum
    is meant only its author knows.

    ## References

    - torch.autograd.backward,
      https://docs.pytorch.org/docs/stable/generated/torch.autograd.backward.html
    """

    code: ClassVar[str] = "LOS504"
    name: ClassVar[str] = "non-scalar-backward"
    severity: ClassVar[Severity] = Severity.ERROR
    category: ClassVar[str] = "objective"

    def check_backpropagation(self, found: Backpropagation) -> Iterator[Diagnosis]:
        """A backward on unreduced terms."""
        if found.weighted or not found.losses:
            return
        steps: list[Step] = []
        for loss in found.losses:
            if not isinstance(loss, Tensor) or loss.picked or loss.shape not in _UNREDUCED:
                return
            unreduced = [term for term in loss.terms if _is_unreduced(term)]
            if not unreduced or (loss.shape == "product" and len(unreduced) < len(loss.terms)):
                return
            steps.extend(Step(term.place, "one number an element from here") for term in unreduced)
        yield Diagnosis(
            found.place,
            "this loss is still one number an element: backward needs a single one",
            "reduce it first: `loss.mean().backward()`",
            tuple(steps[:2]),
            fix=reduced(found.place),
        )
