"""LOS204: a column of predictions against a vector of targets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from losslint.analysis.domain.sizes import paired, spread
from losslint.analysis.domain.trail import steps_of
from losslint.analysis.domain.values import Tensor
from losslint.analysis.events import Family, LossCall, OperationInLoss, OperationKind
from losslint.finding import Severity
from losslint.rewriting import flat_column, flat_operand
from losslint.rule import Diagnosis, Rule


class BroadcastInRegressionLoss(Rule):
    """A column of predictions meets a vector of targets: the loss is that of all pairs.

    ## What it does

    Reports an (N, 1) tensor against an (N,) one: in `MSELoss`, `L1Loss`, `SmoothL1Loss`,
    `HuberLoss`, `PoissonNLLLoss`, `GaussianNLLLoss` and their functions, and in differences,
    products and quotients on the way to a loss. The column is mostly the output of
    `nn.Linear(..., 1)`, the vector what a data set gives or a reduction leaves. The criteria are
    reported on an (N, 1) prediction and a target of several columns, too.

    ## Why it matters

    Broadcasting makes an N x N matrix of the two: every prediction is compared with every target.

    - Perfect predictions 1, 2, 3 have a mean squared error of 1.33 instead of 0.
    - The best that a model can do is to give the mean of the targets for every input. A linear
      layer on 256 noiseless samples ended with weights below 0.000001 and a loss of 17.9, which
      is the variance of the targets; with the right shapes it finds the weights.
    - The matrix costs memory: 64 MiB for 4,096 samples in float32.

    A column against several of them is no better: each prediction is drawn to their mean.
    The loss goes down a little and stops, as with a model that is too small. The criteria of torch
    warn once, on standard error; a hand-written difference says nothing.

    ## Example

    ```python
    model = nn.Linear(8, 1)
    data = TensorDataset(torch.randn(100, 8), torch.randn(100))

    for x, y in DataLoader(data, batch_size=32):
        loss = F.mse_loss(model(x), y)  # (32, 1) against (32,)
    ```

    ## Instead

    ```python
    model = nn.Linear(8, 1)
    data = TensorDataset(torch.randn(100, 8), torch.randn(100))

    for x, y in DataLoader(data, batch_size=32):
        loss = F.mse_loss(model(x).squeeze(1), y)
    ```

    Name the dimension: `squeeze()` alone makes a number of a batch with one sample.

    ## When it is fine

    When all pairs are meant, as in a ranking loss. There one of the two is usually made a column
    on the spot, by `[:, None]` or `unsqueeze(1)`, and that is not reported in arithmetic.

    ## Fix

    Unsafe: `.squeeze(1)` behind the column.

    ## References

    - torch: [broadcasting semantics](https://docs.pytorch.org/docs/stable/notes/broadcasting.html)
    - torch: [MSELoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.MSELoss.html)
    """

    code: ClassVar[str] = "LOS204"
    name: ClassVar[str] = "broadcast-in-regression-loss"
    severity: ClassVar[Severity] = Severity.ERROR
    category: ClassVar[str] = "targets"

    def check_loss_call(self, call: LossCall) -> Iterator[Diagnosis]:
        """A regression criterion gets a column and a vector."""
        given, target = call.input, call.target
        if call.criterion.family is not Family.REGRESSION:
            return
        if not isinstance(given, Tensor) or not isinstance(target, Tensor):
            return
        if paired(given.sizes, target.sizes, deliberate=True):
            column, shapes = 0, f"`{call.given}` is a column, of shape (N, 1), and its target"
        elif paired(target.sizes, given.sizes, deliberate=True):
            column, shapes = 1, f"its target is a column, of shape (N, 1), and `{call.given}`"
        else:
            yield from _one_for_many(call, given, target)
            return
        yield Diagnosis(
            call.place,
            f"{call.title} compares every prediction with every target: {shapes} a vector, of "
            "shape (N,)",
            _HELP,
            (*steps_of(given.trail), *call.built),
            min(given.confidence, target.confidence),
            fix=flat_column(call.place, column),
        )

    def check_operation(self, found: OperationInLoss) -> Iterator[Diagnosis]:
        """A column and a vector are subtracted, multiplied or divided."""
        operation = found.operation
        if operation.kind is OperationKind.PAIRING:
            yield Diagnosis(
                operation.place,
                f"`{operation.function}` of a column, of shape (N, 1), and a vector, of shape "
                "(N,), gives all N x N pairs",
                _HELP,
                operation.trail,
                operation.operand.confidence,
                fix=flat_operand(operation.place, operation.part),
            )


def _one_for_many(call: LossCall, given: Tensor, target: Tensor) -> Iterator[Diagnosis]:
    count = spread(given.sizes, target.sizes)
    if count is None or not call.trains or call.has_fixed_target:
        return
    yield Diagnosis(
        call.place,
        f"{call.title} compares one prediction with all {count} columns of its target: "
        f"`{call.given}` is a column, of shape (N, 1)",
        "predict as many columns as the target has, or pick the one that is meant",
        (*steps_of(given.trail), *call.built),
        min(given.confidence, target.confidence),
    )


_HELP = "bring both to one shape, for example with .squeeze(1) on the column"
