"""Weights for classes that are not equally frequent, from how often each occurs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

from losslint.losses._contract import check_choice, check_number, check_real, check_values, fail

Scheme = Literal["balanced", "inverse", "effective"]


def class_weights(
    counts: Tensor | Sequence[float], *, scheme: Scheme = "balanced", beta: float = 0.999
) -> Tensor:
    r"""One weight a class, as ``weight`` of cross entropy or ``alpha`` of the focal loss.

    ============= ================================================================================
    balanced      :math:`n / (C n_c)`, with n the sum of the counts: the mean weight of an example
                  is 1, so that the learning rate stays right. scikit-learn's ``"balanced"``.
    inverse       :math:`\propto 1 / n_c`, scaled to the sum C
    effective     :math:`\propto (1 - \beta) / (1 - \beta^{n_c})`, scaled to the sum C: between none
                  (beta 0) and inverse (beta towards 1)
    ============= ================================================================================

    Args:
        counts: how often each class occurs in the training data, shape (C,), all above 0.
        scheme: which.
        beta: for ``"effective"`` only, in [0, 1); 0.9, 0.99, 0.999 and 0.9999 in the paper.

    Returns:
        Shape (C,), float32. Computed in float64: near beta = 1 float32 is wrong by percents.

    Raises:
        TypeError, ValueError: for an argument of the wrong type, shape or range.

    Reference: Cui et al., Class-Balanced Loss Based on Effective Number of Samples, 2019.

    >>> class_weights([900, 100])
    tensor([0.5556, 5.0000])
    """
    counted = torch.as_tensor(counts)
    check_real("counts", counted)
    if counted.dim() != 1 or not counted.numel():
        fail("counts", "of shape (C,), one count a class", f"of shape {tuple(counted.shape)}")
    check_values("counts", counted, above=0, hint="a class that never occurs has no weight")
    if not counted.isfinite().all():
        fail("counts", "finite everywhere", repr(counted.tolist()))
    check_choice("scheme", scheme, ("balanced", "inverse", "effective"))
    check_number("beta", beta, at_least=0, below=1)
    number = counted.double()
    if scheme == "balanced":
        return (number.sum() / (len(number) * number)).float()
    weights = 1 / number if scheme == "inverse" else _effective(number, beta)
    return (weights * (len(weights) / weights.sum())).float()


def pos_weight(
    positives: Tensor | Sequence[float] | float, total: Tensor | Sequence[float] | float
) -> Tensor:
    """How many negatives there are for a positive, for ``BCEWithLogitsLoss(pos_weight=...)``.

    Args:
        positives: how often each label is 1, a number or shape (L,), all above 0.
        total: how many examples there are, a number or shape (L,), at least as many.

    Returns:
        ``(total - positives) / positives`` in float32, of the shape of both.

    Raises:
        TypeError, ValueError: for an argument of the wrong type, shape or range.

    >>> pos_weight([10, 50], 100)
    tensor([9., 1.])
    """
    ones, number = torch.as_tensor(positives), torch.as_tensor(total)
    check_real("positives", ones)
    check_real("total", number)
    if ones.dim() and number.dim() and ones.shape != number.shape:
        fail(
            "total",
            f"a number or of shape {tuple(ones.shape)}, that of `positives`",
            f"of shape {tuple(number.shape)}",
        )
    check_values("positives", ones, above=0, hint="a label that never occurs has no weight")
    negatives = number.double() - ones.double()
    check_values("total - positives", negatives, at_least=0)
    return (negatives / ones.double()).float()


def _effective(number: Tensor, beta: float) -> Tensor:
    if beta == 0:
        return torch.ones_like(number)
    # 1 - beta**n without losing digits to the subtraction.
    return -(1 - beta) / torch.expm1(number * torch.log1p(number.new_tensor(-(1 - beta))))
