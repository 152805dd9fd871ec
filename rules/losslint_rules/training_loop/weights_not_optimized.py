"""LOS409: a loss has learnable weights that no optimizer was given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.trail import Step
from losslint.analysis.events import StrayParameter, UntrainedParameters
from losslint.finding import Severity
from losslint.rule import Diagnosis, Rule


class WeightsNotOptimized(Rule):
    """A loss with an nn.Parameter of its own is trained with an optimizer that does not hold it.

    ## What it does

    Looks for objects of loss classes that have parameters (weights of tasks, centres, a
    temperature, a margin) and are part of what is backpropagated, while all optimizers that step
    are known and none was given these parameters. So are other modules with parameters of their
    own that what is optimized leads to, such as a head with an angular margin, unless the program
    freezes them or loads their weights. Also for loss functions that make a parameter anew at each
    call, and for parameters that a module moves before it keeps them:
    `self.scale = nn.Parameter(torch.ones(1)).to("cuda")` is a tensor there, and no parameter of
    the module. The program has to name a GPU for that.

    ## Why it matters

    `model.parameters()` knows nothing of a loss that is no child of the model. Its parameters get
    their gradients in each backward and stay at their initial values. Uncertainty weighting whose
    log-variances stay at 0 is the plain sum: on a classification (cross entropy near 0.1) and a
    regression in the thousands, the two weights end at 17.3 and 0.03 after 200 steps when they are
    optimised, and at 1 and 1 when they are not. Class centres that never move make a centre loss
    pull all features to noise.

    ## Example

    ```python
    weighting = UncertaintyWeighting(tasks=2)
    optimizer = torch.optim.Adam(model.parameters())
    loss = weighting(segmentation_loss, depth_loss)
    ```

    ## Instead

    ```python
    optimizer = torch.optim.Adam([*model.parameters(), *weighting.parameters()])
    ```

    ## When it is fine

    Constants of a loss belong in a buffer (`register_buffer`), and are not reported then. A loss
    whose parameters have an optimizer of their own is silent, and so is one that is a child of
    the model.

    ## References

    - Kendall, Gal, Cipolla: Multi-task learning using uncertainty to weigh losses for scene
      geometry and semantics, 2018, https://arxiv.org/abs/1705.07115
    - Wen et al.: A discriminative feature learning approach for deep face recognition, 2016
      (centre loss)
    """

    code: ClassVar[str] = "LOS409"
    name: ClassVar[str] = "weights-not-optimized"
    severity: ClassVar[Severity] = Severity.ERROR
    category: ClassVar[str] = "training-loop"

    def check_stray_parameter(self, found: StrayParameter) -> Iterator[Diagnosis]:
        """A parameter that a module lost when it was moved to a device."""
        yield Diagnosis(
            found.place,
            f"`{found.name}` is no parameter on another device: what a parameter was moved to is a "
            "tensor, which `parameters()` and `state_dict()` leave out",
            f"move what it is made of, `self.{found.name} = nn.Parameter(values.to(device))`, or "
            "the module as a whole",
        )

    def check_untrained_parameters(self, found: UntrainedParameters) -> Iterator[Diagnosis]:
        """A loss whose parameters nobody trains."""
        steps = (Step(found.backward, "they get their gradient here"),)
        if not found.parameter:
            yield Diagnosis(
                found.place,
                "this parameter is made anew at each call of the loss, and no optimizer holds it: "
                "it is random in every step",
                "make it once, in a module, and pass the parameters of that to the optimizer",
                steps,
            )
            return
        title, owner = ("loss", "criterion") if found.is_loss else ("module", "head")
        yield Diagnosis(
            found.place,
            f"this {title} has parameters of its own (`{found.parameter}`), and no optimizer holds "
            "them: they stay at their initial values",
            f"pass them to the optimizer: `[*model.parameters(), *{owner}.parameters()]`",
            steps,
        )
