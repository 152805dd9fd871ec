"""LOS101: a sigmoid in front of a binary cross entropy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.values import Act, Sign, Tensor
from losslint.analysis.events import Family, LossCall
from losslint.analysis.objective.criteria import Expects
from losslint.finding import Severity
from losslint.rewriting import with_logits
from losslint.rule import Diagnosis, Rule


class BceWithoutLogits(Rule):
    """The output of a sigmoid reaches `BCELoss` or `binary_cross_entropy`.

    ## What it does

    Reports calls of `nn.BCELoss` and `F.binary_cross_entropy` whose input has been through a
    sigmoid, in the same expression or in a model defined elsewhere.

    ## Why it matters

    The pair is right on paper. In float32 it stops working for confident mistakes:

    - From a logit of about 16.64 upward, `sigmoid` rounds to exactly 1. If the target is 0,
      `BCELoss` clamps its logarithm at -100: the loss reads 100 and the gradient is exactly 0, so
      the sample that is most wrong is the one that teaches nothing. With logits the loss is 17
      for a logit of 17 and the gradient is 1.
    - For target 1 the gradient fades from a logit of -28 downward (0.69 instead of 1 there, 0.09
      at -30) and is exactly 0 by -90.
    - Under CUDA autocast both functions raise a RuntimeError; there this is an error, not a
      warning.

    `BCEWithLogitsLoss` computes the same function of the logit in one stable step, and takes
    `pos_weight` besides.

    ## Example

    ```python
    model = nn.Sequential(nn.Linear(30, 64), nn.ReLU(), nn.Linear(64, 1), nn.Sigmoid())
    criterion = nn.BCELoss()

    loss = criterion(model(x).squeeze(1), y)
    ```

    ## Instead

    ```python
    model = nn.Sequential(nn.Linear(30, 64), nn.ReLU(), nn.Linear(64, 1))
    criterion = nn.BCEWithLogitsLoss()

    loss = criterion(model(x).squeeze(1), y)

    with torch.no_grad():
        probability = torch.sigmoid(model(x_new))  # where probabilities are wanted
    ```

    Change both at once: the new loss on the old model is LOS103, which is worse.

    ## When it is fine

    Small networks whose logits stay within about 15 of zero train just as well in float32, which
    is why many GANs and click predictors get away with it. Keep it where you reproduce published
    results bit by bit, and say so: `# losslint: ignore[LOS101] as in the paper`. A decoder whose
    sigmoid output is also the picture, as in a variational autoencoder, is not reported.

    ## Objections

    *"BCE is simpler."* It is the same function of the logit with one more call in the model.
    What the sigmoid was there for stays as simple: `sigmoid(z) > 0.5` is `z > 0`.

    ## Fix

    Where the sigmoid is in the call of the loss, or in a variable that nothing else reads, it is
    dropped and the criterion becomes its with-logits form. Safe where both are in one function.
    Also unsafe: for a criterion that other functions call, whose calls are all changed, and for a
    sigmoid at the end of a model, which is put back wherever the model's output is read for
    something else than the loss. Model, criterion and uses may be in several files, and change
    together; if a use cannot be seen, none of them does.

    ## References

    - torch: [BCEWithLogitsLoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html)
    - torch: [BCELoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.BCELoss.html),
      on its clamp at -100
    - torch: [automatic mixed precision](https://docs.pytorch.org/docs/stable/amp.html),
      on binary cross entropy under autocast
    """

    code: ClassVar[str] = "LOS101"
    name: ClassVar[str] = "bce-without-logits"
    severity: ClassVar[Severity] = Severity.WARNING
    category: ClassVar[str] = "activation"

    def check_loss_call(self, call: LossCall) -> Iterator[Diagnosis]:
        """A sigmoid reaches a binary cross entropy on probabilities, with no KL term beside it."""
        if (
            call.criterion.expects is not Expects.PROBABILITIES
            or call.activation is not Act.SIGMOID
        ):
            return
        if isinstance(call.input, Tensor) and call.input.shape == "cosine":
            return  # neither end of the sigmoid is near
        if call.partners & _OF_PICTURES and not call.has_fixed_target:
            return  # the decoder of a variational autoencoder: the sigmoid is the picture
        if call.number_alone:
            return  # a score beside the loss
        if isinstance(call.input, Tensor) and not call.input.grad and not call.evaluating:
            return  # a metric of probabilities that nothing learns from
        if call.evaluating and isinstance(call.input, Tensor) and call.input.sign is Sign.POSITIVE:
            return  # clamped away from zero: no loss that is looked at comes out too large
        # under no_grad it is the value that suffers: 100 where a logit of 20 makes it 20
        harm = (
            "the loss of a confident mistake comes out too large"
            if call.evaluating
            else "a confident mistake gets no gradient"
        )
        yield Diagnosis.of_input(
            call,
            f"{call.title} takes the log of a sigmoid: {harm}"
            + (", and under CUDA autocast the call raises" if call.autocast else ""),
            "drop the sigmoid and use BCEWithLogitsLoss; apply the sigmoid only where "
            "probabilities are read",
            Severity.ERROR if call.autocast and not call.evaluating else None,
            with_logits(call.place),
        )


_OF_PICTURES = frozenset({Family.DIVERGENCE, Family.LIKELIHOOD})
"""What stands beside the likelihood of a picture in the loss of a variational autoencoder."""
