"""``losslint compare``: losses side by side."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from losslint.errors import UserError


def compare(
    names: Annotated[
        list[str],
        typer.Argument(metavar="LOSS...", help="Losses of one kind, such as mse l1 huber."),
    ],
    sweep: Annotated[
        str | None,
        typer.Option(
            "--sweep",
            metavar="OPTION=VALUES",
            help="Compare one loss with itself under values of an option: gamma=0,1,2,5.",
            show_default=False,
        ),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(
            "--plot",
            metavar="FILE",
            help="Draw into this file, .svg or .png, and not on the terminal (matplotlib).",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Show values and gradients of losses over errors or logits.

    And what an outlier weighs, and a plot.
    """
    from losslint.catalogue import find_entry

    entries = [find_entry(name) for name in names]
    from losslint.comparison.curves import common_axis, curve
    from losslint.report.comparison import table

    axis = common_axis(entries)
    if sweep is None:
        variants = [(entry, dict[str, float](), entry.name) for entry in entries]
    elif len(entries) == 1:
        option, values = _parse_sweep(sweep)
        variants = [(entries[0], {option: value}, f"{option}={value:g}") for value in values]
    else:
        raise UserError(f"--sweep is for one loss, and here are {len(entries)}")
    in_table = [curve(entry, options, axis.points, name) for entry, options, name in variants]
    drawn = [curve(entry, options, axis.fine(), name) for entry, options, name in variants]
    if plot is not None:
        from losslint.comparison.figure import save_figure

        save_figure(drawn, axis, plot)
    sys.stdout.write(table(in_table, axis))
    if plot is None:
        import shutil

        from losslint.comparison.chart import chart

        width = min(shutil.get_terminal_size().columns, 100)
        sys.stdout.write("\n" + chart(drawn, axis, width) + "\n")


def _parse_sweep(text: str) -> tuple[str, list[float]]:
    option, equals, values = text.partition("=")
    try:
        numbers = [float(value) for value in values.split(",")]
    except ValueError:
        numbers = []
    if not option or not equals or not numbers:
        raise UserError(f"--sweep is written as gamma=0,1,2,5, and not {text!r}")
    return option.strip().replace("-", "_"), numbers
