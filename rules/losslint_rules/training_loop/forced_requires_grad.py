"""LOS417: a loss is told to require a gradient."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.events import ForcedGradient
from losslint.finding import Severity
from losslint.rule import Diagnosis, Rule


class ForcedRequiresGrad(Rule):
    """A loss is made to require a gradient, which silences the error that it has none.

    ## What it does

    Looks for `loss.requires_grad_()`, `loss.requires_grad = True` and
    `Variable(loss, requires_grad=True)`, where the loss was computed and not created as a leaf.

    ## Why it matters

    A loss that is computed from the model's output requires a gradient by itself. If backward
    raises "element 0 of tensors does not require grad", the way from the model to the loss is cut
    somewhere, by `argmax`, `.item()`, `.detach()`, numpy or `no_grad`. Telling the loss to require
    a gradient makes it a leaf: backward runs, gives the loss itself a gradient of 1, and gives
    the model none. A classifier trained that way for 200 rounds on the `argmax` of its outputs
    has moved its weights by 0.0, and its loss is 0.9375 before and after. On a loss that has
    its graph `requires_grad_()` does nothing, but `Variable(loss, requires_grad=True)` is a new
    leaf there too: the gradient of the model is None after backward.

    ## Example

    ```python
    loss = criterion(outputs.argmax(dim=1).float(), labels.float())
    loss.requires_grad_(True)
    loss.backward()
    ```

    ## Instead

    ```python
    loss = criterion(outputs, labels)
    loss.backward()
    ```

    Find the operation that cuts the graph: print `value.grad_fn` from the model's output on, it is
    None behind the cut.

    ## When it is fine

    Inputs, noise, images and interpolates whose gradient is wanted are told so before the loss is
    computed; a total may start as `torch.zeros(1, requires_grad=True)`. Neither is reported.

    ## References

    - PyTorch notes: Autograd mechanics, "Setting requires_grad",
      https://docs.pytorch.org/docs/stable/notes/autograd.html
    """

    code: ClassVar[str] = "LOS417"
    name: ClassVar[str] = "forced-requires-grad"
    severity: ClassVar[Severity] = Severity.ERROR
    category: ClassVar[str] = "training-loop"

    def check_forced_gradient(self, found: ForcedGradient) -> Iterator[Diagnosis]:
        """A loss that is told to require a gradient."""
        yield Diagnosis(
            found.place,
            f"`{found.copied}` makes a new leaf of `{found.loss}`: backward runs and ends there, "
            "so the loss trains nothing"
            if found.copied
            else f"`{found.loss}` is made to require a gradient: if it had none, backward now runs "
            "and gives the model none",
            "remove this, and mend what cuts the loss off from the model if backward then raises",
        )
