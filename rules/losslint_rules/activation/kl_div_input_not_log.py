"""LOS111: a Kullback-Leibler divergence of what is not a logarithm, or of one too many."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.trail import steps_of
from losslint.analysis.domain.values import (
    LOG_PROBABILITIES,
    NONE,
    PROBABILITIES,
    Act,
    Const,
    Sign,
    Tensor,
    Value,
)
from losslint.analysis.events import LossCall
from losslint.finding import Severity
from losslint.rewriting import with_log_softmax, with_option
from losslint.rule import Diagnosis, Rule


class KlDivInputNotLog(Rule):
    """The input of `KLDivLoss` or `kl_div` is not a logarithm, or its target is one unannounced.

    ## What it does

    Reports calls of `nn.KLDivLoss` and `F.kl_div` whose input is the output of a softmax or
    sigmoid, other values that are never negative, or a raw output; calls whose target holds
    log-probabilities without `log_target=True`; and calls whose target holds probabilities although
    `log_target` is True.

    ## Why it matters

    Both take the model's distribution first, as log-probabilities, and the reference second, as
    probabilities. Nothing checks that:

    - With probabilities as input the result is no divergence. It is negative (-1.34 for two equal
      rows 0.7, 0.2, 0.1, whose divergence is 0), and it is smallest where all the probability
      lies on the largest class: trained towards 0.5, 0.3, 0.2 it gives 0.999, 0.001, 0.000.
    - With raw outputs it has no lower end at all: adding 100 to every logit lowers it by 100.
    - With a target of log-probabilities it takes the logarithm of negative numbers: NaN.

    The usual cause is the order of the arguments: textbooks write KL(p || q) with the reference
    first, here it comes second.

    ## Example

    ```python
    teacher = F.softmax(teacher_logits / T, dim=1)
    student = F.softmax(student_logits / T, dim=1)

    loss = F.kl_div(student, teacher, reduction="batchmean")
    ```

    ## Instead

    ```python
    teacher = F.softmax(teacher_logits / T, dim=1)
    student = F.log_softmax(student_logits / T, dim=1)

    loss = F.kl_div(student, teacher, reduction="batchmean")
    ```

    Where the reference comes as log-probabilities too:

    ```python
    loss = F.kl_div(student, F.log_softmax(teacher_logits / T, dim=1), reduction="batchmean",
                    log_target=True)
    ```

    ## When it is fine

    Never: no other meaning of these arguments is useful. A logarithm that losslint cannot see
    keeps it silent.

    ## Fix

    Unsafe: log_softmax in place of the softmax before the loss, or `log_target=True` for a
    target of logarithms.

    ## References

    - torch: [KLDivLoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.KLDivLoss.html),
      on the order of its arguments
    - torch: [kl_div](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.kl_div.html)
    """

    code: ClassVar[str] = "LOS111"
    name: ClassVar[str] = "kl-div-input-not-log"
    severity: ClassVar[Severity] = Severity.ERROR
    category: ClassVar[str] = "activation"

    def check_loss_call(self, call: LossCall) -> Iterator[Diagnosis]:
        """A divergence whose arguments are not what it takes."""
        if call.criterion.name != "KLDivLoss":
            return
        target = call.target if isinstance(call.target, Tensor) else Tensor()
        logarithm = call.options.get("log_target", NONE)
        holds = _HOLDS.get(call.activation) if call.activation is not None else None
        if holds is None and isinstance(call.input, Tensor) and call.input.sign is not Sign.UNKNOWN:
            holds = "is never negative"
        if holds is not None:
            yield Diagnosis.of_input(
                call,
                f"{call.title} wants log-probabilities, but `{call.given}` {holds}",
                _way(call, target, logarithm),
                fix=None
                if target.act in LOG_PROBABILITIES or call.activation is not Act.SOFTMAX
                else with_log_softmax(call.place),
            )
        elif target.act in LOG_PROBABILITIES and logarithm in (NONE, Const(False)):
            yield Diagnosis(
                call.place,
                f"the target of {call.title} holds log-probabilities, of which it takes the "
                "logarithm: NaN",
                "pass log_target=True, or probabilities",
                (*steps_of(target.trail), *call.built),
                target.confidence,
                fix=with_option(call.place, "say that it is", "log_target", "True"),
            )
        elif target.act in PROBABILITIES and logarithm == Const(True):
            yield Diagnosis(
                call.place,
                f"the target of {call.title} holds probabilities, but log_target=True says that "
                "they are logarithms",
                "leave log_target out, or pass log-probabilities",
                (*steps_of(target.trail), *call.built),
                target.confidence,
            )


def _way(call: LossCall, target: Tensor, logarithm: Value) -> str:
    """What to do about an input that is no logarithm."""
    if target.act in LOG_PROBABILITIES and logarithm != Const(True):
        return "the target comes second and the logarithm first: swap the arguments"
    if call.activation in (Act.RAW, Act.SOFTMAX):
        return "apply log_softmax to the logits, instead of softmax or nothing"
    return "pass their logarithm: of log_softmax, or of what was clamped above zero"


_HOLDS = {Act.RAW: "is a raw output", **dict.fromkeys(PROBABILITIES, "holds probabilities")}
