"""Scales regression targets to mean 0 and deviation 1, and predictions back."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from losslint.losses._contract import (
    check_integer,
    check_mask,
    check_number,
    check_real,
    fail,
    promoted_dtype,
)


class TargetScaler(nn.Module):
    """Keeps the mean and deviation of the training targets, as buffers.

    Losses such as Huber turn at an error of 1, and an output layer starts near 0: both expect
    targets of that size. Fit on the training targets only, train on what :meth:`transform` gives,
    and take predictions through :meth:`inverse`. It moves and is saved with the model.

    Args:
        features: how many columns the targets have, each of which is scaled on its own. 1 for
            targets of any shape without columns.

    Attributes:
        mean: shape (features,), float64.
        deviation: shape (features,), float64; 1 for a constant column.

    >>> scaler = TargetScaler().fit(torch.tensor([100.0, 200.0, 300.0]))
    >>> scaler.inverse(scaler.transform(torch.tensor([150.0])))
    tensor([150.])
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, features: int = 1) -> None:
        super().__init__()
        check_integer("features", features)
        check_number("features", features, at_least=1)
        self.features = features
        self.register_buffer("mean", torch.zeros(features, dtype=torch.float64))
        self.register_buffer("deviation", torch.ones(features, dtype=torch.float64))

    def fit(self, target: Tensor, mask: Tensor | None = None) -> TargetScaler:
        """Takes the mean and deviation of these targets, and returns itself.

        Args:
            target: shape (*, features), or any for one feature; all the training targets.
            mask: torch.bool, the same shape; False where a target is missing.

        Raises:
            TypeError, ValueError: for an argument of the wrong type or shape, a column in which
                there is no target, or a target that is NaN or infinite.
        """
        check_real("target", target)
        self._check_columns("target", target)
        rows = target.detach().double().reshape(-1, self.features)
        if mask is None:
            counted = torch.ones_like(rows, dtype=torch.bool)
        else:
            check_mask("mask", mask, "target", target)
            counted = mask.reshape(rows.shape)
        number = counted.sum(0)
        if bool((number == 0).any()):
            fail("target", "of at least one value in each column", "without any in one")
        missing = int((counted & ~rows.isfinite()).sum())
        if missing:
            fail("target", "finite (a mask leaves out what is missing)", f"not in {missing} places")
        mean = rows.masked_fill(~counted, 0).sum(0) / number
        variance = (rows - mean).masked_fill(~counted, 0).square().sum(0) / number
        self.mean.copy_(mean)
        self.deviation.copy_(variance.sqrt().masked_fill(variance == 0, 1))
        return self

    def transform(self, target: Tensor) -> Tensor:
        """``(target - mean) / deviation``, in the target's type, or float32 if that is less."""
        self._check_columns("target", target)
        return self._rounded((target.double() - self.mean) / self.deviation, target)

    def inverse(self, prediction: Tensor) -> Tensor:
        """``prediction * deviation + mean``, in the prediction's type, or float32 if less."""
        self._check_columns("prediction", prediction)
        return self._rounded(prediction.double() * self.deviation + self.mean, prediction)

    def _rounded(self, exact: Tensor, like: Tensor) -> Tensor:
        """From float64, in which a date or a price less its mean keeps its digits."""
        dtype = promoted_dtype(like) if like.is_floating_point() else torch.float32
        return exact.to(dtype).reshape(like.shape)

    def _check_columns(self, name: str, values: Tensor) -> None:
        if self.features > 1 and (not values.dim() or values.shape[-1] != self.features):
            fail(name, f"of shape (*, {self.features})", f"of shape {tuple(values.shape)}")
