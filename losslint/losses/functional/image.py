"""Losses of images that look at neighbourhoods."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, conv2d

from losslint.losses._contract import (
    Reduction,
    check_floating,
    check_integer,
    check_number,
    check_reduction,
    check_same_device,
    check_same_shape,
    describe,
    fail,
    promote,
    reduce,
    without_autocast,
)

MS_SSIM_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


def ssim_loss(
    input: Tensor,
    target: Tensor,
    *,
    data_range: float = 1.0,
    window_size: int = 11,
    sigma: float = 1.5,
    reduction: Reduction = "mean",
) -> Tensor:
    r"""One minus the structural similarity of two images.

    .. math:: \mathrm{SSIM} =
              \frac{(2 \mu_x \mu_y + c_1)(2 \sigma_{xy} + c_2)}
                   {(\mu_x^2 + \mu_y^2 + c_1)(\sigma_x^2 + \sigma_y^2 + c_2)}, \qquad
              c_1 = (0.01 L)^2, \quad c_2 = (0.03 L)^2

    with means and (co)variances under a Gaussian window, over the places where the whole window
    lies within the image, channel by channel, as in the authors' code.

    Args:
        input: images, shape (N, C, H, W), H and W at least ``window_size``.
        target: images to be like, the same shape.
        data_range: :math:`L`, the largest minus the smallest possible value, above 0: 1 for images
            in [0, 1], 2 for [-1, 1], 255 for bytes.
        window_size: of the window, odd; 11 in the paper.
        sigma: the standard deviation of the window in pixels, above 0; 1.5 in the paper.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Returns:
        0 for equal images, at most 2; a number, or for ``"none"`` shape (N,), a mean over channels
        and places; float32 for half precision.

    Raises:
        TypeError, ValueError: for an argument of the wrong type, shape, device or range.

    Reference: Wang et al., Image Quality Assessment: From Error Visibility to Structural
    Similarity, 2004.

    >>> flat = torch.full((1, 1, 16, 16), 0.5)
    >>> ssim_loss(flat, flat)
    tensor(0.)
    """
    _check_pair_of_images(input, target, data_range, window_size, sigma, reduction)
    _check_size(input, window_size, "window_size")
    luminance, structure = _similarities(input, target, data_range, window_size, sigma)
    return reduce(1 - (luminance * structure).mean((1, 2, 3)), reduction)


def ms_ssim_loss(
    input: Tensor,
    target: Tensor,
    *,
    data_range: float = 1.0,
    window_size: int = 11,
    sigma: float = 1.5,
    weights: Sequence[float] = MS_SSIM_WEIGHTS,
    reduction: Reduction = "mean",
) -> Tensor:
    r"""One minus the structural similarity of two images at several scales.

    .. math:: \mathrm{MS\text{-}SSIM} = l_M^{w_M} \prod_{j=1}^M (cs)_j^{w_j}

    with the luminance term :math:`l` and the contrast and structure term :math:`cs` of
    :func:`ssim_loss`, meant over the image, at scale :math:`j`, each half as large as the one
    before. A :math:`cs` below 0, of an image that is more like the negative, counts as 0.

    Args:
        input: images, shape (N, C, H, W). With the default window and weights H and W must be at
            least 176; for smaller images pass fewer weights, or a smaller window.
        target: images to be like, the same shape.
        data_range: the largest minus the smallest possible value, above 0.
        window_size: of the window, odd.
        sigma: the standard deviation of the window in pixels, above 0.
        weights: :math:`w_j`, at least one, above 0; by default the paper's five.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Returns:
        0 for equal images, at most 1; a number, or for ``"none"`` shape (N,), a mean over channels;
        float32 for half precision. Where a :math:`cs` is 0 or less there is no gradient from its
        image: begin with another loss if the first outputs may be so far off.

    Raises:
        TypeError, ValueError: for an argument of the wrong type, shape, device or range.

    Reference: Wang et al., Multiscale Structural Similarity for Image Quality Assessment, 2003.

    >>> flat = torch.full((1, 1, 32, 32), 0.5)
    >>> ms_ssim_loss(flat, flat, weights=[0.5, 0.5])
    tensor(0.)
    """
    _check_pair_of_images(input, target, data_range, window_size, sigma, reduction)
    if len(weights) == 0:
        fail("weights", "one number a scale", "empty")
    for scale, weight in enumerate(weights):
        check_number(f"weights[{scale}]", weight, above=0)
    _check_size(input, window_size * 2 ** (len(weights) - 1), "window_size and weights")
    images, others = promote(input), promote(target)
    similarity = images.new_ones(())
    for scale, weight in enumerate(weights):
        if scale:
            images, others = avg_pool2d(images, 2), avg_pool2d(others, 2)
        luminance, structure = _similarities(images, others, data_range, window_size, sigma)
        term = luminance * structure if scale == len(weights) - 1 else structure
        similarity = similarity * _power(term.mean((2, 3)), weight)
    return reduce(1 - similarity.mean(1), reduction)


def total_variation_loss(input: Tensor, *, reduction: Reduction = "mean") -> Tensor:
    r"""How much neighbouring pixels differ, to keep a generated image smooth.

    .. math:: \overline{|x_{i+1,j} - x_{i,j}|} + \overline{|x_{i,j+1} - x_{i,j}|}

    the anisotropic total variation with means over the pixels in place of the sums, so that its
    weight does not depend on the size of the image. The gradient between equal neighbours is 0.

    Args:
        input: images, shape (N, C, H, W).
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Returns:
        At least 0; a number, or for ``"none"`` shape (N,); float32 for half precision.

    Raises:
        TypeError, ValueError: for an argument of the wrong type, shape, device or range.

    Reference: Rudin et al., Nonlinear Total Variation Based Noise Removal Algorithms, 1992.

    >>> total_variation_loss(torch.tensor([[[[0.0, 1.0], [0.0, 3.0]]]]))
    tensor(3.)
    """
    check_floating("input", input)
    _check_images("input", input)
    check_reduction(reduction)
    images = promote(input)
    return reduce(_variation(images, 2) + _variation(images, 3), reduction)


def _variation(images: Tensor, dim: int) -> Tensor:
    differences = images.diff(dim=dim).abs()
    # A single row has no neighbours, and the mean of none would be NaN.
    return differences.sum((1, 2, 3)) if images.shape[dim] == 1 else differences.mean((1, 2, 3))


def _similarities(
    input: Tensor, target: Tensor, data_range: float, window_size: int, sigma: float
) -> tuple[Tensor, Tensor]:
    """Luminance, and contrast and structure, at each place of each channel."""
    c1, c2 = (0.01 * data_range) ** 2, (0.03 * data_range) ** 2
    x, y = promote(input), promote(target)
    # Variances do not change with an offset, and their rounding error does. The difference of the
    # images is small where they are alike, which is where precision matters.
    offset = y.detach().mean((2, 3), keepdim=True)
    x, y = x - offset, y - offset
    # The formula has the two variances as a sum only.
    maps = torch.cat([x, y, x.square() + y.square(), x * y], 1)
    blurred = _blurred(maps, window_size, sigma)
    mean_x, mean_y, squares, products = blurred.chunk(4, 1)
    variances = squares - mean_x.square() - mean_y.square()
    covariance = products - mean_x * mean_y
    structure = (2 * covariance + c2) / (variances + c2)
    mean_x, mean_y = mean_x + offset, mean_y + offset
    luminance = (2 * mean_x * mean_y + c1) / (mean_x.square() + mean_y.square() + c1)
    return luminance, structure


def _blurred(maps: Tensor, window_size: int, sigma: float) -> Tensor:
    """Under a Gaussian window that sums to 1, where the whole of it lies within."""
    place = torch.arange(window_size, dtype=maps.dtype, device=maps.device) - window_size // 2
    window = torch.exp(-place.square() / (2 * sigma**2))
    window = window / window.sum()
    channels = maps.shape[1]
    with without_autocast(maps):
        for shape in ((channels, 1, window_size, 1), (channels, 1, 1, window_size)):
            kernel = window.view(shape[2:]).expand(shape)
            maps = conv2d(maps, kernel, groups=channels)
    return maps


def _power(base: Tensor, exponent: float) -> Tensor:
    """``base ** exponent``, and 0 with a gradient of 0 where the base is not above 0."""
    positive = base > 0
    return torch.where(positive, base, 1).pow(exponent).masked_fill(~positive, 0)


def _check_pair_of_images(
    input: Tensor,
    target: Tensor,
    data_range: float,
    window_size: int,
    sigma: float,
    reduction: Reduction,
) -> None:
    check_floating("input", input)
    check_floating("target", target)
    _check_images("input", input)
    check_same_shape("target", target, "input", input)
    check_same_device("target", target, "input", input)
    check_number("data_range", data_range, above=0)
    check_number("sigma", sigma, above=0)
    check_integer("window_size", window_size)
    check_number("window_size", window_size, at_least=1)
    if window_size % 2 != 1:
        fail("window_size", "odd", repr(window_size))
    check_reduction(reduction)


def _check_images(name: str, images: Tensor) -> None:
    if images.dim() != 4 or 0 in images.shape[1:]:
        fail(name, "images of shape (N, C, H, W)", describe(images))


def _check_size(images: Tensor, least: int, because: str) -> None:
    if min(images.shape[2:]) < least:
        fail(
            "input",
            f"of at least {least} x {least} pixels, for its {because}",
            f"of {images.shape[2]} x {images.shape[3]}",
        )
