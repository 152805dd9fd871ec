"""LOS509: a loss module that checks no shapes and leaves no reduction to its caller."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.trail import Step
from losslint.analysis.events import CustomLoss
from losslint.finding import Severity
from losslint.rule import Diagnosis, Rule


class CustomLossTemplate(Rule):
    """A loss module of one's own takes any two shapes and reduces them in one fixed way.

    ## What it does

    Looks for an `nn.Module` that is named like a loss, in whose `forward` two arguments meet
    element by element and all elements become one number, where nothing looks at a shape or makes
    it what it has to be, and no option says how to reduce. Advice: off unless it is selected.

    ## Why it matters

    Two tensors need not have the same shape to be subtracted. A log-cosh loss that is given
    predictions of shape (64, 1) and targets of shape (64,) subtracts each of 64 targets from each
    of 64 predictions. For predictions that are exactly right it reads 0.83 instead of 0, and a
    model that is trained with it gives the same output for every input. `nn.MSELoss` warns then,
    and the losses of `losslint.losses` raise; a loss of one's own does what it is told.

    A mean that is taken inside cannot be undone outside. Where 6 of 8 sequences are padded from 10
    steps to 50, and the padding has no error, the mean over all 400 steps is 40% of the one over
    the 160 that count. With `reduction="none"` the caller can mask steps, weight samples, or look
    at the worst ones.

    ## Example

    ```python
    class LogCoshLoss(nn.Module):
        def forward(self, input, target):
            return torch.log(torch.cosh(input - target)).mean()
    ```

    ## Instead

    ```python
    class LogCoshLoss(nn.Module):
        def __init__(self, reduction="mean"):
            super().__init__()
            if reduction not in ("none", "mean", "sum"):
                raise ValueError(f"reduction is none, mean or sum, not {reduction!r}")
            self.reduction = reduction

        def forward(self, input, target):
            if input.shape != target.shape:
                raise ValueError(f"{tuple(input.shape)} against {tuple(target.shape)}")
            error = (input - target).abs()
            loss = error + F.softplus(-2 * error) - math.log(2)
            return loss if self.reduction == "none" else getattr(loss, self.reduction)()
    ```

    This one does not overflow either, which `cosh` does from 90 on. Or take a loss that has all
    of it: `losslint losses` lists them.

    ## When it is fine

    In a script of one page, whose only caller makes both shapes. The rule is silent where the
    `forward` reads a shape, flattens or squeezes an argument, indexes, asserts or raises, where
    annotations give shapes, where anything in the class is named after a reduction, and where a
    criterion of torch does the comparing.

    ## References

    - torch.nn.MSELoss, https://docs.pytorch.org/docs/stable/generated/torch.nn.MSELoss.html
    - Broadcasting semantics, https://docs.pytorch.org/docs/stable/notes/broadcasting.html
    """

    code: ClassVar[str] = "LOS509"
    name: ClassVar[str] = "custom-loss-template"
    severity: ClassVar[Severity] = Severity.ADVICE
    category: ClassVar[str] = "objective"

    def check_custom_loss(self, found: CustomLoss) -> Iterator[Diagnosis]:
        """A loss module in which any two shapes meet."""
        first, second = found.arguments
        yield Diagnosis(
            found.place,
            f"`{found.name}` takes any shapes of `{first}` and `{second}` that broadcast, and no "
            "caller can choose how it reduces",
            f"compare the shapes of `{first}` and `{second}` before, and take `reduction` as an "
            "option",
            (Step(found.reduction, "all elements become one number here"),),
        )
