"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="Read the settings from this file, not from the nearest one.",
        show_default=False,
    ),
]
Isolated = Annotated[bool, typer.Option("--isolated", help="Read no settings file.")]
AllowLocalRules = Annotated[
    bool,
    typer.Option(
        "--allow-local-rules",
        help="Run the settings' local rules, which are code of the linted project.",
    ),
]


def words(values: Iterable[str] | None) -> list[str]:
    """The words of an option that takes commas and may be repeated."""
    return [word.strip() for value in values or () for word in value.split(",") if word.strip()]
