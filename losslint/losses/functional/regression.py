"""Regression losses, element by element."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from losslint.losses._contract import (
    Reduction,
    check_dimensions,
    check_floating,
    check_mask,
    check_number,
    check_real,
    check_reduction,
    check_same_device,
    check_same_shape,
    check_shape,
    check_values,
    fail,
    masked_out,
    promote,
    promoted_dtype,
    reduce,
)
from losslint.losses.functional._elementwise import elementwise
from losslint.losses.functional._regression import check_pair, check_weight, reduce_elements


def log_cosh_loss(
    input: Tensor,
    target: Tensor,
    *,
    weight: Tensor | None = None,
    mask: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    r"""The logarithm of the hyperbolic cosine of the error.

    .. math:: \ell = \log \cosh (x - y)

    Half the squared error where it is small, the absolute error less log 2 where it is large, and
    smooth throughout, unlike Huber. The gradient is tanh of the error. It turns at an error of
    1, so scale the target.

    Args:
        input: predictions, any shape, in the unit of the target.
        target: the same shape.
        weight: one for each element, the same shape, at least 0; the mean divides by their sum.
        mask: torch.bool, the same shape; False where an element does not count. What stands
            there may be NaN.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Returns:
        At least 0; a number, or for ``"none"`` the input's shape; float32 for half precision.

    Raises:
        TypeError, ValueError: for an argument of the wrong type, shape, device or range.

    >>> log_cosh_loss(torch.tensor([1e-4, 100.0]), torch.zeros(2), reduction="none")
    tensor([5.0000e-09, 9.9307e+01])
    """
    prediction, truth = check_pair(input, target, weight, mask, reduction)

    def log_cosh(prediction: Tensor, truth: Tensor) -> Tensor:
        error = prediction - truth
        tangent = error.tanh()
        # Below 1 by the identity cosh = (1 - tanh^2)^(-1/2), whose digits hold near 0; above by
        # |x| - log(1 + tanh|x|), which has no power to overflow.
        is_small = error.abs() < 1
        logarithm = torch.where(is_small, -tangent.square(), tangent.abs()).log1p()
        return torch.where(is_small, -0.5 * logarithm, error.abs() - logarithm)

    def slope(prediction: Tensor, truth: Tensor) -> Tensor:
        return (prediction - truth).tanh_()

    losses = elementwise(log_cosh, prediction, truth, slope)
    return reduce_elements(losses, weight, mask, reduction)


def charbonnier_loss(
    input: Tensor,
    target: Tensor,
    *,
    eps: float = 1e-3,
    weight: Tensor | None = None,
    mask: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    r"""The absolute error, rounded at 0: for image restoration.

    .. math:: \ell = \sqrt{(x - y)^2 + \epsilon^2}

    A perfect prediction costs epsilon.

    Args:
        input: predictions, any shape, in the unit of the target.
        target: the same shape.
        eps: where the gradient turns, above 0, in the unit of the target; 1e-3 in the paper.
        weight: one for each element, the same shape, at least 0; the mean divides by their sum.
        mask: torch.bool, the same shape; False where an element does not count. What stands
            there may be NaN.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Returns:
        At least eps; a number, or for ``"none"`` the input's shape; float32 for half precision.

    Raises:
        TypeError, ValueError: for an argument of the wrong type, shape, device or range.

    Reference: Lai et al., Deep Laplacian Pyramid Networks for Fast and Accurate Super-Resolution,
    2017.
    """
    prediction, truth = check_pair(input, target, weight, mask, reduction)
    check_number("eps", eps, above=0)

    def charbonnier(prediction: Tensor, truth: Tensor) -> Tensor:
        error = prediction - truth
        return torch.hypot(error, torch.full_like(error, eps))

    return reduce_elements(elementwise(charbonnier, prediction, truth), weight, mask, reduction)


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

    return reduce_elements(elementwise(mape, prediction, truth), weight, mask, reduction)


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

    return reduce_elements(elementwise(smape, prediction, truth), weight, mask, reduction)


def masked_mse_loss(
    input: Tensor,
    target: Tensor,
    *,
    weight: Tensor | None = None,
    mask: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    r"""The squared error of the elements that count.

    .. math:: \ell = (x - y)^2

    The mean divides by the number of elements that count, or by the sum of their weights.
    Quadratic in the error: one of 1e20 overflows float32.

    Args:
        input: predictions, any shape, in the unit of the target.
        target: the same shape.
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

    def squared(prediction: Tensor, truth: Tensor) -> Tensor:
        return (prediction - truth).square()

    return reduce_elements(elementwise(squared, prediction, truth), weight, mask, reduction)


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

    return reduce_elements(elementwise(squared_log, prediction, truth), weight, mask, reduction)


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

    return reduce_elements(elementwise(tweedie, prediction, truth), weight, mask, reduction)


def quantile_loss(
    input: Tensor,
    target: Tensor,
    *,
    quantiles: float | Sequence[float] = 0.5,
    weight: Tensor | None = None,
    mask: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    r"""The pinball loss, whose best prediction is a quantile of the target.

    .. math:: \ell = \max(q (y - x), (q - 1) (y - x))

    The loss of an element is the mean over its quantiles.

    Args:
        input: for one quantile predictions of any shape, for several of shape (N, Q, *).
        target: the same shape, or (N, *).
        quantiles: one in (0, 1), or several for dimension 1 of the input. 0.5 is the median, and
            half the absolute error.
        weight: a weight for each element of the target, at least 0; the mean divides by their sum.
        mask: torch.bool, the shape of the target; False where an element does not count. What
            stands there may be NaN.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Returns:
        At least 0; a number, or for ``"none"`` the target's shape; float32 for half precision.

    Raises:
        TypeError, ValueError: for an argument of the wrong type, shape, device or range.

    Reference: Koenker and Bassett, Regression Quantiles, 1978.
    """
    check_floating("input", input)
    check_real("target", target)
    check_same_device("target", target, "input", input)
    check_reduction(reduction)
    levels = [quantiles] if isinstance(quantiles, int | float) else list(quantiles)
    for value in levels:
        check_number("quantiles", value, above=0, below=1)
    if isinstance(quantiles, int | float):
        check_same_shape("target", target, "input", input)
        prediction = promote(input).unsqueeze(0)
    else:
        check_dimensions("input", input, "(N, Q) or (N, Q, *)", at_least=2)
        if input.shape[1] != len(levels):
            fail("quantiles", f"one for each of {input.shape[1]} in dimension 1", f"{quantiles}")
        wanted = (input.shape[0], *input.shape[2:])
        check_shape("target", target, wanted, "that of `input` without its quantiles, 1")
        prediction = promote(input).movedim(1, 0)
    check_weight(weight, target)
    if mask is not None:
        check_mask("mask", mask, "target", target)
    error = masked_out(target.to(prediction.dtype), mask) - masked_out(prediction, mask)
    level = error.new_tensor(levels).view(-1, *[1] * target.dim())
    losses = torch.maximum(level * error, (level - 1) * error).mean(0)
    return reduce_elements(losses, weight, mask, reduction)


def rmse_loss(
    input: Tensor,
    target: Tensor,
    *,
    dim: int | tuple[int, ...] | None = None,
    mask: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    r"""The root of the mean squared error, in the unit of the target.

    .. math:: \ell = \sqrt{\textstyle\frac{1}{n} \sum (x - y)^2}

    The gradient at a perfect prediction is 0, where that of a plain root is NaN. Over a whole batch
    it is the mean squared error with a learning rate that grows as the error falls.

    Args:
        input: predictions, any shape, in the unit of the target.
        target: the same shape.
        dim: the dimensions below the root; all by default, and then there is nothing to reduce.
        mask: torch.bool, the same shape; False where an element does not count. What stands
            there may be NaN.
        reduction: of the roots: ``"mean"`` (of those with an element that counts), ``"sum"`` or
            ``"none"``.

    Returns:
        At least 0; a number, or for ``"none"`` the shape without ``dim``; float32 for half
        precision.

    Raises:
        TypeError, ValueError: for an argument of the wrong type, shape, device or range.
    """
    prediction, truth = check_pair(input, target, None, mask, reduction)
    dtype = promoted_dtype(input)
    square = (prediction.to(dtype) - truth.to(dtype)).square()
    below = tuple(range(input.dim())) if dim is None else dim
    counted = torch.ones_like(square) if mask is None else mask.to(dtype)
    number = counted.sum(below)
    mean = square.sum(below) / number.clamp_min(1)
    is_perfect = mean == 0
    root = mean.masked_fill(is_perfect, 1).sqrt().masked_fill(is_perfect, 0)
    return reduce(root, reduction, (number > 0).sum())
