"""LOS113: a softmax that is not told over which dimension."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.sizes import at
from losslint.analysis.events import ImplicitDim
from losslint.finding import Severity
from losslint.rewriting import explicit_dim
from losslint.rule import Diagnosis, Rule


class ImplicitSoftmaxDim(Rule):
    """A softmax or log_softmax without `dim` is in a loss or is what a model returns.

    ## What it does

    Reports `nn.Softmax()`, `nn.LogSoftmax()`, `F.softmax(x)` and `F.log_softmax(x)` that were
    given no dimension, where the result is part of a loss or the output of a model.

    ## Why it matters

    Without `dim`, torch guesses from the number of dimensions, and the guess is a relic:

    - 2 and 4 dimensions take dim 1, the usual class dimension;
    - 1 and 3 dimensions take dim 0. For a batch of sequences (N, L, C) that is the batch: the
      probabilities of a token compete with those of other samples, and its classes sum to
      anything. With a batch of one, every probability is exactly 1;
    - 5 dimensions take dim 1.

    So code that works on images gives nonsense on sequences, with a deprecation warning on the
    first call and no error. `torch.softmax(x)` and `x.softmax()` raise instead.

    ## Example

    ```python
    class Tagger(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = nn.LSTM(50, 64, batch_first=True)
            self.out = nn.Linear(64, 9)

        def forward(self, words):
            hidden, _ = self.lstm(words)
            return F.log_softmax(self.out(hidden))  # (N, L, 9): over the batch
    ```

    ## Instead

    ```python
    class Tagger(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = nn.LSTM(50, 64, batch_first=True)
            self.out = nn.Linear(64, 9)

        def forward(self, words):
            hidden, _ = self.lstm(words)
            return F.log_softmax(self.out(hidden), dim=-1)
    ```

    ## When it is fine

    For inputs of shape (N, C) and (N, C, H, W) the guess is right, as long as torch keeps making
    it. Writing `dim=1` costs nothing. A softmax outside any network whose result reaches no loss,
    such as that of a metric that is printed, is not reported.

    ## Fix

    Unsafe: `dim=-1` behind a linear layer and `dim=1` behind a convolution, where that layer is in
    sight and has more than one output.

    ## References

    - torch: [softmax](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.softmax.html)
    - torch: [Softmax](https://docs.pytorch.org/docs/stable/generated/torch.nn.Softmax.html)
    """

    code: ClassVar[str] = "LOS113"
    name: ClassVar[str] = "implicit-softmax-dim"
    severity: ClassVar[Severity] = Severity.WARNING
    category: ClassVar[str] = "activation"

    def check_implicit_dim(self, call: ImplicitDim) -> Iterator[Diagnosis]:
        """A softmax or log_softmax that was given no dim."""
        if call.picked is not None and at(call.sizes, call.picked) == 1:
            others = [dim for dim in range(len(call.sizes)) if at(call.sizes, dim) != 1]
            yield Diagnosis(
                call.place,
                f"`{call.function}` without dim picks dim={call.picked}, which has a single "
                "element here: what it gives is the same whatever the model says",
                f"write dim={others[0]}" if len(others) == 1 else "say which dimension it is over",
                confidence=call.confidence,
            )
            return
        yield Diagnosis(
            call.place,
            f"`{call.function}` without dim picks one by the number of dimensions: 0 for 1 or 3, "
            "1 for 2 or 4",
            "say which dimension holds the classes: dim=1 for (N, C), dim=-1 for (..., C)",
            confidence=call.confidence,
            fix=explicit_dim(call.place),
        )
