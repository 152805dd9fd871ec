"""LOS107: logits that a relu has cut off at zero."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.values import OF_RELU, Act, Tensor
from losslint.analysis.events import LossCall
from losslint.analysis.objective.criteria import Expects
from losslint.finding import Severity
from losslint.rewriting import without_activation
from losslint.rule import Diagnosis, Rule


class ReluOnLogits(Rule):
    """The output of a relu is used as logits.

    ## What it does

    Reports calls of `CrossEntropyLoss`, `BCEWithLogitsLoss`, `MultiLabelSoftMarginLoss`, their
    functions and torchvision's `sigmoid_focal_loss` whose input comes out of a relu, or of what
    leaves nothing negative either: `clamp(min=0)` and `abs`. And of `NLLLoss` where a relu came
    before the log_softmax.

    ## Why it matters

    A logit below zero says "rather not". Behind a relu there is none:

    - With a binary loss no probability is below 0.5, so a negative never costs less than 0.693,
      however sure the model is, and everything is predicted positive.
    - Where a layer gives a negative number the relu gives 0 and passes no gradient: a class that
      falls there gets no signal from that sample. If all ten classes do, the loss is 2.303 and
      the gradient exactly 0.

    It mostly happens where blocks of layer and relu are stacked and the last one is a block too.

    ## Example

    ```python
    def block(i, o):
        return nn.Sequential(nn.Linear(i, o), nn.ReLU())

    model = nn.Sequential(block(784, 128), block(128, 10))
    loss = F.cross_entropy(model(x), y)
    ```

    ## Instead

    ```python
    model = nn.Sequential(block(784, 128), nn.Linear(128, 10))
    loss = F.cross_entropy(model(x), y)
    ```

    ## When it is fine

    Some published networks end in a convolution, a relu and an average over the image
    (SqueezeNet). A relu that is pooled or averaged before the loss is not reported, and neither
    are its leaky relatives, which let negative numbers through.

    ## Fix

    Unsafe: the relu is dropped before the loss, or at the end of a model, and put back where
    the output is read for something else.

    ## References

    - torch: [ReLU](https://docs.pytorch.org/docs/stable/generated/torch.nn.ReLU.html)
    - torch: [CrossEntropyLoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html),
      on unnormalized logits
    """

    code: ClassVar[str] = "LOS107"
    name: ClassVar[str] = "relu-on-logits"
    severity: ClassVar[Severity] = Severity.WARNING
    category: ClassVar[str] = "activation"

    # of the classes that a registry may build, blocks that end in a relu are no models
    every_path: ClassVar[bool] = True

    def check_loss_call(self, call: LossCall) -> Iterator[Diagnosis]:
        """A relu reaches a criterion that takes logits."""
        help_ = "leave the relu out behind the last layer"
        if call.criterion.expects in _TAKE_LOGITS and call.activation is Act.RELU:
            yield Diagnosis.of_input(
                call,
                f"{call.title} takes logits, but `{call.given}` comes out of a relu: no logit can "
                "be negative, and those at zero get no gradient",
                help_,
                fix=without_activation(call.place, "relu"),
            )
        elif call.criterion.expects in _TAKE_LOGITS and call.activation is Act.ABS:
            yield Diagnosis.of_input(
                call,
                f"{call.title} takes logits, but `{call.given}` is an absolute value: no logit can "
                "be negative",
                "leave the absolute value out behind the last layer",
            )
        elif call.criterion.name == "NLLLoss" and call.activation is Act.LOG_SOFTMAX:
            assert isinstance(call.input, Tensor)
            if OF_RELU in call.input.marks:
                yield Diagnosis.of_input(
                    call,
                    f"the logits behind `{call.given}` come out of a relu: none can be negative, "
                    "and those at zero get no gradient",
                    help_,
                )


_TAKE_LOGITS = (Expects.LOGITS, Expects.BINARY_LOGITS)
