"""LOS410: a recurrent network is trained, and nothing clips its gradients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.events import UnclippedRecurrence
from losslint.finding import Severity
from losslint.rule import Diagnosis, Rule


class RecurrentWithoutClipping(Rule):
    """A recurrent network is trained, and nothing clips its gradients.

    ## What it does

    Looks for a training loop whose loss depends on an `nn.RNN`, `nn.LSTM`, `nn.GRU` or one of
    their cells, whose optimizer holds its parameters, and in which no gradient is clipped.

    ## Why it matters

    Going back through time multiplies the gradient with the same weights at every step. A single
    recurrent weight of 1.1 makes it 13,781 times as large over 100 steps; one of 0.9 leaves
    0.00003 of it. LSTM and GRU have gates against the vanishing and little against the exploding.
    It happens rarely, on a long sequence or a steep place of the loss, and then one step throws
    the weights far away: the loss curve jumps and may not come back. Clipping the norm keeps the
    direction of such a step and bounds its length; all other steps stay as they are.

    ## Example

    ```python
    loss = criterion(lstm(x)[0][:, -1], y)
    loss.backward()
    optimizer.step()
    ```

    ## Instead

    ```python
    loss = criterion(lstm(x)[0][:, -1], y)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(lstm.parameters(), max_norm=1.0)
    optimizer.step()
    ```

    Print what `clip_grad_norm_` returns, the norm before clipping, and choose a limit that most
    steps stay below.

    ## When it is fine

    With short sequences, and where the norms were looked at and are small. That is for the author
    to say, so this is advice and off by default. Where something that is not known is given the
    model or the optimizer and may clip, the rule is silent.

    ## Objections

    *"Just lower the learning rate."* For all steps, then, because of one. Where a sequence
    makes the gradient 13,781 times as large, a rate that survives it is 13,781 times as small,
    and the other steps hardly move. Clipping shortens that step alone.

    ## References

    - Pascanu, Mikolov, Bengio: On the difficulty of training recurrent neural networks (2013),
      https://arxiv.org/abs/1211.5063
    - torch.nn.utils.clip_grad_norm_,
      https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html
    """

    code: ClassVar[str] = "LOS410"
    name: ClassVar[str] = "recurrent-without-clipping"
    severity: ClassVar[Severity] = Severity.ADVICE
    category: ClassVar[str] = "training-loop"

    def check_unclipped_recurrence(self, found: UnclippedRecurrence) -> Iterator[Diagnosis]:
        """A loss that goes back through time and is stepped with as it is."""
        yield Diagnosis(
            found.place,
            f"gradients that went back through this {found.layer} are not clipped before "
            f"`{found.optimizer}` steps",
            "call torch.nn.utils.clip_grad_norm_ between backward and step",
            found.built,
        )
