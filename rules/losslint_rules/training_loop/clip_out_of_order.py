"""LOS407: gradients clipped when there are none yet, or when they have been used already."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.trail import Step
from losslint.analysis.events import ClipFault, GradientClip
from losslint.finding import Severity
from losslint.rewriting import clipped_in_order
from losslint.rule import Diagnosis, Rule


class ClipOutOfOrder(Rule):
    """Gradients are clipped before backward made them or after the step used them.

    ## What it does

    Looks at each clipping of gradients in a loop that backpropagates and steps, by a function of
    torch or by hand (`p.grad.clamp_(-1, 1)`). If on every path it comes between the step and the
    next backward, it changes nothing that is used, and is reported.

    ## Why it matters

    The model trains without clipping, and nobody notices until the one batch that clipping was
    meant for. A gradient of norm 500 at learning rate 0.01 moves the weights by 5.0 where a
    threshold of 1.0 would have allowed 0.01. After the step, `clip_grad_norm_` shrinks gradients
    that the next `zero_grad` throws away; before backward, it sees None or zeros and returns 0.0.
    Where gradients are not zeroed between, it is worse: the rest of an old gradient is added to
    the new one.

    ## Example

    ```python
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    ```

    ## Instead

    ```python
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    ```

    ## When it is fine

    When it is the weights that are clamped after the step, as in the first Wasserstein GAN
    (`p.data.clamp_(-c, c)`): those are no gradients, and are not looked at. When gradients of
    several batches are accumulated and the clipping stands where only some rounds step, the rule
    is silent.

    ## Fix

    Unsafe: the clipping is moved to before the step, or behind backward, within its block.
    Where the step is that of a GradScaler its gradients are unscaled before.

    ## References

    - torch.nn.utils.clip_grad_norm_,
      https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html
    - Pascanu, Mikolov, Bengio: On the difficulty of training recurrent neural networks, 2013,
      https://arxiv.org/abs/1211.5063
    """

    code: ClassVar[str] = "LOS407"
    name: ClassVar[str] = "clip-out-of-order"
    severity: ClassVar[Severity] = Severity.ERROR
    category: ClassVar[str] = "training-loop"

    def check_gradient_clip(self, clip: GradientClip) -> Iterator[Diagnosis]:
        """A clipping with no gradients that a step will use."""
        if clip.fault is ClipFault.AFTER_STEP:
            said = f"gradients are clipped after `{clip.optimizer}` has stepped with them"
            what = "the step that used them"
        elif clip.fault is ClipFault.BEFORE_BACKWARD:
            said = "gradients are clipped while there are none, before the next backward"
            what = "they are made here"
        else:
            return
        yield Diagnosis(
            clip.place,
            f"{said}: it has no effect",
            "clip between backward and step",
            () if clip.other is None else (Step(clip.other, what),),
            clip.confidence,
            fix=clipped_in_order(clip),
        )
