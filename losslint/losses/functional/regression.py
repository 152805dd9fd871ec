"""Regression losses of errors in the unit of the target."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from losslint.losses._contract import (
    Reduction,
    check_dimensions,
    check_floating,
    check_integer,
    check_mask,
    check_number,
    check_real,
    check_reduction,
    check_same_device,
    check_same_shape,
    check_shape,
    describe,
    fail,
    masked_out,
    promote,
    promoted_dtype,
    reduce,
)
from losslint.losses.functional._elementwise import elementwise, reduce_elements
from losslint.losses.functional._regression import check_pair, check_weight


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
    return elementwise(
        lambda prediction, truth: _log_cosh(prediction - truth),
        prediction,
        truth,
        with_slope=_log_cosh_with_slope,
        weight=weight,
        mask=mask,
        reduction=reduction,
    )


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
        return torch.hypot(error, _like(error, eps))

    def with_slope(prediction: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
        error = prediction - truth
        losses = torch.hypot(error, _like(error, eps))
        return losses, error.div_(losses)

    return elementwise(
        charbonnier,
        prediction,
        truth,
        with_slope=with_slope,
        weight=weight,
        mask=mask,
        reduction=reduction,
    )


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

    def with_slope(prediction: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
        error = prediction - truth
        return error.square(), error.mul_(2)

    return elementwise(
        squared,
        prediction,
        truth,
        with_slope=with_slope,
        weight=weight,
        mask=mask,
        reduction=reduction,
    )


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
    level = _like(error, levels).view(-1, *[1] * target.dim())
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
    below = _dimensions(dim, input)
    counted = torch.ones_like(square) if mask is None else mask.to(dtype)
    number = counted.sum(below)
    mean = square.sum(below) / number.clamp_min(1)
    is_perfect = mean == 0
    root = mean.masked_fill(is_perfect, 1).sqrt().masked_fill(is_perfect, 0)
    return reduce(root, reduction, (number > 0).sum())


def _dimensions(dim: int | tuple[int, ...] | None, tensor: Tensor) -> tuple[int, ...]:
    number = tensor.dim()
    if dim is None:
        return tuple(range(number))
    chosen = dim if isinstance(dim, tuple) else (dim,)
    for each in chosen:
        check_integer("dim", each)
        if not -number <= each < number:
            fail("dim", f"from {-number} to {number - 1}, for {describe(tensor)}", repr(each))
    return chosen


_TURN = 2.0
"""Up to this error the logarithm of cosh is taken in one form, beyond it in another."""
_TANH = math.tanh(_TURN)


def _log_cosh(error: Tensor) -> Tensor:
    """Its digits hold near 0 and nothing overflows, without a branch, which would be slow.

    Up to the turn by the identity cosh = (1 - tanh^2)^(-1/2). Beyond it |x| - log(1 + tanh|x|) less
    what that is at the turn, and exactly 0 before it.
    """
    tangent = error.tanh()
    near = tangent.clamp(-_TANH, _TANH).square().neg().log1p()
    excess = (error.abs() - _TURN).clamp_min(0)
    return excess - 0.5 * near - (tangent.abs().add(1).log() - _at_turn(error)).clamp_min(0)


def _like(tensor: Tensor, values: float | Sequence[float]) -> Tensor:
    # Tensor.new_tensor does not work inside torch.func of torch 2.2.
    return torch.tensor(values, dtype=tensor.dtype, device=tensor.device)


def _log_cosh_with_slope(prediction: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    error = prediction - truth
    tangent = error.tanh()
    near = tangent.clamp(-_TANH, _TANH)
    near.mul_(near).neg_().log1p_()
    excess = error.abs_().sub_(_TURN).clamp_min_(0)
    less = tangent.abs().add_(1).log_().sub_(_at_turn(error)).clamp_min_(0)
    return excess.sub_(less).sub_(near, alpha=0.5), tangent


def _at_turn(like: Tensor) -> float:
    """What log(1 + tanh) reaches up to the turn, however it is rounded."""
    return math.log1p(_TANH) + 4 * torch.finfo(like.dtype).eps
