"""LOS412: a loss is passed to clip_grad_norm_ instead of parameters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.events import ClipFault, GradientClip
from losslint.finding import Severity
from losslint.rule import Diagnosis, Rule


class ClipOnLoss(Rule):
    """`clip_grad_norm_` is given the loss, or outputs of the model, instead of parameters.

    ## What it does

    Looks at what `clip_grad_norm_` and `clip_grad_value_` are given, and reports a loss or another
    value that the model has computed.

    ## Why it matters

    Both functions take a tensor or an iterable of tensors and clip the `.grad` of each. A loss is
    no leaf of the graph: its `.grad` is None after backward, there is nothing to clip, and the
    returned norm is 0.0 with at most a warning. The gradients of the model keep their size: after
    a backward that leaves a norm of 500, `clip_grad_norm_(loss, 1.0)` leaves 500, and
    `clip_grad_norm_(model.parameters(), 1.0)` leaves 1.

    ## Example

    ```python
    loss.backward()
    torch.nn.utils.clip_grad_norm_(loss, 1.0)
    optimizer.step()
    ```

    ## Instead

    ```python
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    ```

    To bound the loss itself, clamp it or use one that grows linearly, such as `nn.HuberLoss`.

    ## When it is fine

    Never for a loss. A tensor that is itself optimised, such as an image in style transfer, is a
    leaf with a gradient, and is not reported.

    ## References

    - torch.nn.utils.clip_grad_norm_,
      https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html
    """

    code: ClassVar[str] = "LOS412"
    name: ClassVar[str] = "clip-on-loss"
    severity: ClassVar[Severity] = Severity.ERROR
    category: ClassVar[str] = "training-loop"

    def check_gradient_clip(self, clip: GradientClip) -> Iterator[Diagnosis]:
        """A loss where parameters are expected."""
        if clip.fault is ClipFault.NOT_PARAMETERS:
            yield Diagnosis(
                clip.place,
                "what is clipped here is computed by the model and has no `.grad`: the gradients "
                "of its parameters keep their size",
                "pass `model.parameters()`",
            )
