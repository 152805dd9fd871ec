"""Losses of images, written from their formulas with a loop over the windows."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from losslint.losses.functional.image import ms_ssim_loss, ssim_loss, total_variation_loss
from tests.losses.batch_cases import BatchCase
from tests.losses.cases import Array, Tensors, rand

SIZE, SIGMA, RANGE = 3, 0.8, 2.0


def images() -> Tensors:
    return rand(2, 2, 3, 4), rand(2, 2, 3, 4, seed=1)


def alike() -> Tensors:
    """Images whose similarities are above 0, as the powers want them."""
    image = rand(2, 1, 6, 6)
    return image + rand(2, 1, 6, 6, seed=1) / 5, image


def window() -> Array:
    place = np.arange(SIZE) - SIZE // 2
    weights = np.exp(-(place[:, None] ** 2 + place[None, :] ** 2) / (2 * SIGMA**2))
    return np.asarray(weights / weights.sum())


def terms(x: Array, y: Array) -> tuple[float, float]:
    """Luminance times structure, and structure, of one window."""
    w, c1, c2 = window(), (0.01 * RANGE) ** 2, (0.03 * RANGE) ** 2
    mean_x, mean_y = (w * x).sum(), (w * y).sum()
    var_x, var_y = (w * (x - mean_x) ** 2).sum(), (w * (y - mean_y) ** 2).sum()
    covariance = (w * (x - mean_x) * (y - mean_y)).sum()
    luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    structure = (2 * covariance + c2) / (var_x + var_y + c2)
    return luminance * structure, structure


def over_windows(x: Array, y: Array) -> tuple[float, float]:
    """The means of both over all windows of one channel."""
    height, width = x.shape
    found = [
        terms(x[i : i + SIZE, j : j + SIZE], y[i : i + SIZE, j : j + SIZE])
        for i in range(height - SIZE + 1)
        for j in range(width - SIZE + 1)
    ]
    both, structure = np.mean(found, axis=0)
    return float(both), float(structure)


def ssim(input: Array, target: Array) -> Array:
    similarity = [
        np.mean([over_windows(x, y)[0] for x, y in zip(image, other, strict=True)])
        for image, other in zip(input, target, strict=True)
    ]
    return np.asarray(1 - np.asarray(similarity))


def halved(image: Array) -> Array:
    height, width = image.shape[0] // 2 * 2, image.shape[1] // 2 * 2
    cut = image[:height, :width]
    return np.asarray((cut[::2, ::2] + cut[1::2, ::2] + cut[::2, 1::2] + cut[1::2, 1::2]) / 4)


def over_scales(x: Array, y: Array, weights: list[float]) -> float:
    both, structure = over_windows(x, y)
    if len(weights) == 1:
        return float(both ** weights[0])
    return float(structure ** weights[0]) * over_scales(halved(x), halved(y), weights[1:])


def ms_ssim(input: Array, target: Array, *, weights: list[float]) -> Array:
    losses = []
    for image, other in zip(input, target, strict=True):
        similarities = []
        for x, y in zip(image, other, strict=True):
            similarities.append(over_scales(x, y, weights))
        losses.append(1 - np.mean(similarities))
    return np.asarray(losses)


def total_variation(input: Array) -> Array:
    rows, columns = np.abs(np.diff(input, axis=2)), np.abs(np.diff(input, axis=3))
    return np.asarray(rows.mean((1, 2, 3)) + columns.mean((1, 2, 3)))


OPTIONS: dict[str, Any] = {"data_range": RANGE, "window_size": SIZE, "sigma": SIGMA}

CASES = [
    BatchCase("ssim", partial(partial, ssim_loss, **OPTIONS), images, ssim),
    BatchCase(
        "ms-ssim",
        partial(partial, ms_ssim_loss, weights=[0.3, 0.9], **OPTIONS),
        alike,
        partial(ms_ssim, weights=[0.3, 0.9]),
    ),
    BatchCase(
        "total-variation",
        partial(partial, total_variation_loss),
        lambda: images()[:1],
        total_variation,
        is_smooth=False,
        is_of_one_shape=False,
    ),
]
