"""LOS115: a CTC loss of something else than log-probabilities."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.values import PROBABILITIES, Act
from losslint.analysis.events import LossCall
from losslint.finding import Severity
from losslint.rewriting import symbol_log_softmax, with_log_softmax
from losslint.rule import Diagnosis, Rule


class CtcWithoutLogSoftmax(Rule):
    """Raw outputs or probabilities reach `CTCLoss` or `ctc_loss`.

    ## What it does

    Reports calls of `nn.CTCLoss` and `F.ctc_loss` whose input is the output of a layer, a softmax
    or another activation, with no log_softmax on the way.

    ## Why it matters

    The loss adds up the log-probabilities of all alignments, and does not check that they are
    some. Raw outputs are taken as they are:

    - Twenty frames of random logits for five symbols read -3.29, where the loss is 3.04. Nothing
      normalises the rows, so adding 5 to every logit makes it -19.96, and adding 20 makes it
      -69.96: the loss falls for ever without anything being learnt.
    - With probabilities it reads -3.36, and the best that a row can do is to be certain of
      any symbol.

    A negative CTC loss is the sign of it. Other implementations, such as warp-ctc and that of
    TensorFlow, apply the softmax themselves, which is where such code often comes from.

    ## Example

    ```python
    outputs = model(spectrogram)  # (frames, batch, symbols)
    loss = F.ctc_loss(outputs, text, frame_lengths, text_lengths)
    ```

    ## Instead

    ```python
    outputs = model(spectrogram)
    loss = F.ctc_loss(outputs.log_softmax(dim=-1), text, frame_lengths, text_lengths)
    ```

    ## When it is fine

    Never with raw outputs or probabilities. The logarithm of a softmax, in two steps, is
    LOS306.

    ## Fix

    Unsafe: log_softmax over the last dimension behind raw outputs, or in place of a softmax.

    ## References

    - torch: [CTCLoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.CTCLoss.html)
    - Graves et al.: Connectionist temporal classification (2006),
      https://doi.org/10.1145/1143844.1143891
    """

    code: ClassVar[str] = "LOS115"
    name: ClassVar[str] = "ctc-without-log-softmax"
    severity: ClassVar[Severity] = Severity.ERROR
    category: ClassVar[str] = "activation"

    every_path: ClassVar[bool] = True

    def check_loss_call(self, call: LossCall) -> Iterator[Diagnosis]:
        """Something else than log-probabilities reaches a CTC loss."""
        if call.criterion.name != "CTCLoss" or call.activation not in _GIVEN:
            return
        yield Diagnosis.of_input(
            call,
            f"{call.title} wants log-probabilities, but `{call.given}` {_GIVEN[call.activation]}",
            "apply log_softmax over the symbols, once, before the loss",
            fix=_FIXES[call.activation](call.place) if call.activation in _FIXES else None,
        )


_GIVEN = {
    Act.RAW: "is a raw output that no log_softmax has seen",
    Act.RELU: "comes out of a relu",
    Act.TANH: "comes out of a tanh",
} | dict.fromkeys(PROBABILITIES, "holds probabilities")

_FIXES = {Act.RAW: symbol_log_softmax, Act.SOFTMAX: with_log_softmax}
