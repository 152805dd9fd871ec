"""LOS408: a loss, or a part of it, that no gradient can flow through."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.marks import FORWARD, NO_GRAD
from losslint.analysis.domain.trail import Step
from losslint.analysis.domain.values import Tensor
from losslint.analysis.events import Backpropagation
from losslint.finding import Severity
from losslint.rule import Diagnosis, Rule


class NoGradientToLoss(Rule):
    """The only way from the model to the loss goes through an operation without a gradient.

    ## What it does

    Follows what is backpropagated back to the model. Where the only way from the model's output
    into a loss, or into one of the losses that are summed, goes through `argmax`, `round`, a
    comparison, `.item()`, `.numpy()`, `.detach()`, `.data`, `torch.tensor()`, which copies, the
    `.sample()` of a distribution or a `no_grad` block, that operation is reported. So is a term
    of derivatives that `torch.autograd.grad` took without `create_graph=True`, and a call of it on
    what was computed under `no_grad`, which raises.

    What numpy computed of the output and a new tensor holds is a constant as well. Where another
    network stands behind the cut, as a perceptual network or a discriminator does, the gradient
    goes to that one alone: the cut is reported if no optimizer steps with it.

    ## Why it matters

    These operations are constant almost everywhere, or cut the graph. If the whole loss is built
    on one, backward raises "element 0 of tensors does not require grad and does not have a
    grad_fn". If it is one term among others, nothing raises: the number shows in the log, and
    the gradient is the same to the last bit as without it. A cross entropy plus ten times an
    overlap of `argmax` and target trains on the cross entropy alone.

    ## Example

    ```python
    def iou_loss(logits, mask):
        predicted = logits.argmax(dim=1)
        overlap = (predicted & mask).sum()
        return 1 - overlap / (predicted | mask).sum()

    loss = criterion(logits, mask) + iou_loss(logits, mask)
    loss.backward()
    ```

    ## Instead

    ```python
    def iou_loss(logits, mask):
        probability = logits.softmax(dim=1)[:, 1]
        overlap = (probability * mask).sum()
        return 1 - (overlap + 1) / (probability.sum() + mask.sum() - overlap + 1)
    ```

    Measures over classes become losses by using probabilities where they use decisions, and
    samples by `rsample()` where a distribution has it.

    ## When it is fine

    Targets, weights, masks and labels of a teacher are meant to be constant, and a discriminator
    is trained on detached fakes: there the loss has another way to what it trains, and the rule is
    silent. So it is on measures that are only logged.

    ## References

    - torch.Tensor.detach, https://docs.pytorch.org/docs/stable/generated/torch.Tensor.detach.html
    - Bengio, Leonard, Courville: Estimating or propagating gradients through stochastic neurons
      for conditional computation, 2013, https://arxiv.org/abs/1308.3432 (what to do where a hard
      decision is wanted)
    """

    code: ClassVar[str] = "LOS408"
    name: ClassVar[str] = "no-gradient-to-loss"
    severity: ClassVar[Severity] = Severity.ERROR
    category: ClassVar[str] = "training-loop"

    def check_backpropagation(self, found: Backpropagation) -> Iterator[Diagnosis]:
        """A loss with a dead end in it."""
        trains = any(isinstance(one, Tensor) and one.grad and one.deps for one in found.losses)
        what = "term of the loss: the term" if trains else "loss: it"
        if found.asked and found.cuts:
            yield Diagnosis(
                found.place,
                "gradients are asked for of what is computed under `no_grad`: it has no graph, "
                "and this call raises",
                _OUTSIDE,
                tuple(Step(call, "called from here") for call in found.calls),
            )
            return
        for cut in () if found.weighted else found.cuts:
            yield Diagnosis(
                cut.place,
                f"no gradient goes through {cut.title}, and there is no other way from the model "
                f"to this {what} trains nothing",
                _INSTEAD.get(cut.function, _OTHERWISE),
                (Step(found.place, "backpropagated here"),),
            )


_OTHERWISE = "keep to operations with a gradient, such as probabilities instead of decisions"
_COPIES = "leave the copy out: what it is made of is a tensor, or becomes one by `torch.stack`"
_OUTSIDE = "compute it outside `no_grad`, or inside `with torch.enable_grad():`"
_DETACHED = "leave the detach out, or detach what goes into the model instead of its output"
_INSTEAD = {
    "sample": "draw it by `rsample`, or compare the mean of the distribution",
    "autograd.grad": "pass create_graph=True, without which a gradient has no graph of its own",
    **dict.fromkeys(("detach", "detach_", "data"), _DETACHED),
    **dict.fromkeys((NO_GRAD, FORWARD), _OUTSIDE),
    **dict.fromkeys(("tensor", "Tensor", "FloatTensor", "as_tensor"), _COPIES),
    "from_numpy": "compute it with torch: what numpy computes has no graph",
    "new_tensor": "leave the copy out: what it is made of is a tensor already",
}
