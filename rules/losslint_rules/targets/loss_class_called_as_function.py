"""LOS210: a loss class that is given what its objects should be given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.values import Act, Tensor, Value
from losslint.analysis.events import CriterionBuilt
from losslint.analysis.objective.criteria import Expects
from losslint.finding import Severity
from losslint.rewriting import called_object
from losslint.rule import Diagnosis, Rule


class LossClassCalledAsFunction(Rule):
    """Output and target are passed to the class of a loss instead of to an object of it.

    ## What it does

    Reports `nn.CrossEntropyLoss(output, target)` and its like for every criterion of torch: the
    constructor is given the output of a model, or a tensor in the place of an option.

    ## Why it matters

    The classes take options: `nn.CrossEntropyLoss(weight, size_average, ...)`. The call does not
    compute a loss, it builds a module:

    - Mostly it raises "Boolean value of Tensor with more than one value is ambiguous", because
      the target is taken for the old option `size_average`, which does not tell what is wrong.
    - With a batch of one sample it does not even raise. The error then comes later: the module
      has no `backward`.

    ## Example

    ```python
    loss = nn.CrossEntropyLoss(model(x), y)
    loss.backward()
    ```

    ## Instead

    ```python
    criterion = nn.CrossEntropyLoss()

    loss = criterion(model(x), y)
    loss.backward()
    ```

    The functions take both at once: `F.cross_entropy(model(x), y)`.

    ## When it is fine

    It never is. Weights for the classes, as in `nn.CrossEntropyLoss(weights)`, are not reported.

    ## Fix

    Safe, where the two arguments are all there is: `()` behind the class. The old code raised, or
    computed nothing.

    ## References

    - torch: [CrossEntropyLoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html)
    - torch: [cross_entropy](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.cross_entropy.html)
    """

    code: ClassVar[str] = "LOS210"
    name: ClassVar[str] = "loss-class-called-as-function"
    severity: ClassVar[Severity] = Severity.ERROR
    category: ClassVar[str] = "targets"

    def check_criterion_built(self, built: CriterionBuilt) -> Iterator[Diagnosis]:
        """A constructor is given the output of a model, or a tensor as an option."""
        first, second = (*built.arguments, None)[:2]
        takes_weights = built.criterion.expects is not Expects.ANYTHING
        if isinstance(second, Tensor) or (
            isinstance(first, Tensor) and (_is_output(first) or not takes_weights)
        ):
            yield Diagnosis(
                built.place,
                f"`{built.spelled}` is a class: this builds a loss with tensors for options and "
                "computes nothing",
                f"build it first and call the object: {built.spelled}()(output, target)",
                fix=called_object(built.place),
            )


def _is_output(value: Value) -> bool:
    """Whether a tensor is computed by a model, and so no weight for the classes."""
    return isinstance(value, Tensor) and value.grad and value.act is not Act.UNKNOWN
