"""Regression losses of errors in proportion to the target."""

from __future__ import annotations

from torch import Tensor

from losslint.losses._contract import Reduction, check_number, check_values
from losslint.losses.functional._elementwise import elementwise
from losslint.losses.functional._regression import check_pair


def mape_loss(
    input: Tensor,
    target: Tensor,
    *,
    floor: float = 1e-6,
    weight: Tensor | None = None,
    mask: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    r"""The absolute error as a fraction of the target.

    .. math:: \ell = |x - y| / \max(|y|, f)

    A fraction, not percent. It prefers predictions that are too low: those cost at most 1.

    Args:
        input: predictions, any shape, in the unit of the target.
        target: the same shape.
        floor: f, above 0: the smallest target to divide by, in its unit. Choose one that means
            something: a target of 0 costs the error / f.
        weight: one for each element, the same shape, at least 0; the mean divides by their sum.
        mask: torch.bool, the same shape; False where an element does not count. What stands
            there may be NaN.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Returns:
        At least 0; a number, or for ``"none"`` the input's shape; float32 for half precision.

    Raises:
        TypeError, ValueError: for an argument of the wrong type, shape, device or range.
    """
    prediction, truth = check_pair(input, target, weight, mask, reduction)
    check_number("floor", floor, above=0)

    def mape(prediction: Tensor, truth: Tensor) -> Tensor:
        return (prediction - truth).abs() / truth.abs().clamp_min(floor)

    return elementwise(mape, prediction, truth, weight=weight, mask=mask, reduction=reduction)


def smape_loss(
    input: Tensor,
    target: Tensor,
    *,
    floor: float = 1e-6,
    weight: Tensor | None = None,
    mask: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    r"""The absolute error as a fraction of the mean of prediction and target.

    .. math:: \ell = 2 |x - y| / \max(|x| + |y|, f)

    A fraction, not percent. Where the signs differ it is 2, with no gradient.

    Args:
        input: predictions, any shape, in the unit of the target.
        target: the same shape.
        floor: f, above 0: the smallest sum to divide by, in the unit of the target.
        weight: one for each element, the same shape, at least 0; the mean divides by their sum.
        mask: torch.bool, the same shape; False where an element does not count. What stands
            there may be NaN.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Returns:
        In [0, 2]; a number, or for ``"none"`` the input's shape; float32 for half precision.

    Raises:
        TypeError, ValueError: for an argument of the wrong type, shape, device or range.

    Reference: Makridakis, Accuracy Measures, 1993; of the several definitions, that with values up
    to 2.
    """
    prediction, truth = check_pair(input, target, weight, mask, reduction)
    check_number("floor", floor, above=0)

    def smape(prediction: Tensor, truth: Tensor) -> Tensor:
        size = (prediction.abs() + truth.abs()).clamp_min(floor)
        return 2 * (prediction - truth).abs() / size

    return elementwise(smape, prediction, truth, weight=weight, mask=mask, reduction=reduction)


def msle_loss(
    input: Tensor,
    target: Tensor,
    *,
    log_input: bool = False,
    weight: Tensor | None = None,
    mask: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    r"""The squared error of logarithms: for targets that grow over orders of magnitude.

    .. math:: \ell = (\log(1 + x) - \log(1 + y))^2

    Args:
        input: predictions above -1, any shape; or log(1 + x), see ``log_input``.
        target: the same shape, above -1.
        log_input: whether the model predicts log(1 + x) already, which needs no bound.
        weight: one for each element, the same shape, at least 0; the mean divides by their sum.
        mask: torch.bool, the same shape; False where an element does not count. What stands
            there may be NaN.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Returns:
        At least 0; a number, or for ``"none"`` the input's shape; float32 for half precision.

    Raises:
        TypeError, ValueError: for an argument of the wrong type, shape, device or range.
    """
    prediction, truth = check_pair(input, target, weight, mask, reduction)
    check_values("target", truth, above=-1)
    if not log_input:
        hint = "end the model in a softplus, or have it predict the logarithm with log_input=True"
        check_values("input", prediction, above=-1, hint=hint)

    def squared_log(prediction: Tensor, truth: Tensor) -> Tensor:
        logarithm = prediction if log_input else prediction.log1p()
        return (logarithm - truth.log1p()).square()

    return elementwise(
        squared_log, prediction, truth, weight=weight, mask=mask, reduction=reduction
    )


def tweedie_loss(
    input: Tensor,
    target: Tensor,
    *,
    power: float = 1.5,
    log_input: bool = True,
    weight: Tensor | None = None,
    mask: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    r"""The deviance of a Tweedie distribution: for amounts that are often 0 and else skewed.

    .. math:: \ell = 2 \left(\frac{y^{2 - p}}{(1 - p)(2 - p)} - \frac{y \mu^{1 - p}}{1 - p} +
        \frac{\mu^{2 - p}}{2 - p}\right)

    such as insurance claims and rain. Exponential in a predicted logarithm: one of 200 overflows.

    Args:
        input: the logarithm of the mean, any shape; or the mean, above 0, see ``log_input``.
        target: the same shape, at least 0.
        power: p in (1, 2), near 1 for counts, near 2 for amounts: the variance grows as the mean to
            this power. For counts alone there is :func:`torch.nn.functional.poisson_nll_loss`.
        log_input: whether the model predicts the logarithm of the mean.
        weight: one for each element, the same shape, at least 0; the mean divides by their sum.
        mask: torch.bool, the same shape; False where an element does not count. What stands
            there may be NaN.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Returns:
        At least 0; a number, or for ``"none"`` the input's shape; float32 for half precision.

    Raises:
        TypeError, ValueError: for an argument of the wrong type, shape, device or range.

    Reference: Jorgensen, Exponential Dispersion Models, 1987; scikit-learn's mean_tweedie_deviance.
    """
    prediction, truth = check_pair(input, target, weight, mask, reduction)
    check_number("power", power, above=1, below=2)
    check_values("target", truth, at_least=0)
    if not log_input:
        # A masked element is 0 here, and none of these.
        counted = prediction if mask is None else prediction.masked_fill(~mask, 1)
        check_values("input", counted, above=0, hint="or log_input=True")
        prediction = counted
    a, b = 1 - power, 2 - power

    def tweedie(prediction: Tensor, truth: Tensor) -> Tensor:
        logarithm = prediction if log_input else prediction.log()
        best = truth**b / (a * b)
        return 2 * (best - truth * (a * logarithm).exp() / a + (b * logarithm).exp() / b)

    return elementwise(tweedie, prediction, truth, weight=weight, mask=mask, reduction=reduction)
