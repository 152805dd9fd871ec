"""LOS406: gradients clipped while they are still multiplied by the scale of a GradScaler."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.trail import Step
from losslint.analysis.events import ClipFault, GradientClip
from losslint.finding import Severity
from losslint.rewriting import unscaled_before
from losslint.rule import Diagnosis, Rule


class ClipBeforeUnscale(Rule):
    """Gradients are clipped before a GradScaler has unscaled them.

    ## What it does

    Follows each round of a training loop from `scaler.scale(loss).backward()` to
    `scaler.step(optimizer)`, and reports a call that clips these gradients in between where no
    `scaler.unscale_(optimizer)` comes first.

    ## Why it matters

    `scaler.scale` multiplies the loss, and with it every gradient, by a factor that starts at
    65536. A threshold of 1.0 is then a threshold of 0.000015 for the true gradient: gradients of
    norm 0.5, which need no clipping, are cut to norm 1.0 while they are scaled, and `scaler.step`
    divides what is left by 65536. SGD at learning rate 0.1 then moves the weights by 0.0000015
    instead of 0.05. Adam, which divides by the size of the gradient, hides it, but each batch now
    counts for the same, however large its gradient. When the scaler changes its factor, the
    effective threshold changes with it. Nothing raises.

    ## Example

    ```python
    scaler.scale(loss).backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    scaler.step(optimizer)
    scaler.update()
    ```

    ## Instead

    ```python
    scaler.scale(loss).backward()
    scaler.unscale_(optimizer)
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    scaler.step(optimizer)
    scaler.update()
    ```

    `scaler.step` knows that the gradients were unscaled and does not do it twice.

    ## When it is fine

    Where the scaler is switched off, as under bfloat16, its scale is 1. `accelerator`'s and
    Fabric's own clipping unscale by themselves. A branch without a scaler has nothing to unscale,
    and is told apart.

    ## Fix

    Unsafe: `scaler.unscale_(optimizer)` is put on a line before the clipping, where both
    statements are in one block.

    ## References

    - PyTorch notes: Automatic mixed precision examples, "Working with unscaled gradients",
      https://docs.pytorch.org/docs/stable/notes/amp_examples.html
    - milesial/Pytorch-UNet, issue 468 and commit 52b4f14, and pytorch/examples, issue 1196: the
      same fault found in widely copied training scripts.
    """

    code: ClassVar[str] = "LOS406"
    name: ClassVar[str] = "clip-before-unscale"
    severity: ClassVar[Severity] = Severity.ERROR
    category: ClassVar[str] = "training-loop"

    def check_gradient_clip(self, clip: GradientClip) -> Iterator[Diagnosis]:
        """Scaled gradients that are clipped."""
        if clip.fault is not ClipFault.BEFORE_UNSCALE:
            return
        steps = () if clip.other is None else (Step(clip.other, "and unscaled here at last"),)
        yield Diagnosis(
            clip.place,
            "these gradients are still multiplied by the scale of the GradScaler: the threshold "
            "is thousands of times too small",
            f"clip right before the step, behind `scaler.unscale_({clip.optimizer})`: once a step"
            if clip.more_often
            else f"call `scaler.unscale_({clip.optimizer})` before clipping",
            steps,
            clip.confidence,
            fix=unscaled_before(clip),
        )
