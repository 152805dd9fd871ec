"""Curves as an image. Imports matplotlib, the extra ``plot``."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path

from losslint.comparison.curves import Axis, Curve
from losslint.errors import UserError


def save_figure(curves: Sequence[Curve], axis: Axis, path: Path) -> None:
    """Draws values and gradients side by side into a file of matplotlib's kinds.

    Raises:
        UserError: if matplotlib is missing, or the file cannot be written.
    """
    try:
        figures = importlib.import_module("matplotlib.figure")
    except ImportError as problem:
        raise UserError(
            "--plot draws with matplotlib, which is not installed: `pip install matplotlib`"
        ) from problem
    figure = figures.Figure(figsize=(10, 4), layout="constrained")
    for plot, title in zip(figure.subplots(1, 2), ("loss", "gradient"), strict=True):
        for drawn in curves:
            height = drawn.values if title == "loss" else drawn.gradients
            plot.plot(drawn.at, height, label=drawn.name)
        plot.set_xlabel(axis.title)
        plot.set_title(title)
        plot.grid(visible=True, alpha=0.3)
        plot.legend()
    try:
        figure.savefig(path)
    except (OSError, ValueError) as problem:
        raise UserError(f"--plot: {path} cannot be written: {problem}") from problem
