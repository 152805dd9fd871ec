"""``losslint check``: lint files and folders."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from losslint.cli.options import AllowLocalRules, Config, Isolated, words
from losslint.cli.terminal import ProgressBar, read_stdin, say_warning, warn_about_namesake
from losslint.report import View, writer
from losslint.run import Request, Setup, run

_Rules = Annotated[
    list[str] | None,
    typer.Option(
        "--select",
        metavar="RULES",
        help="Run these rules only: codes, prefixes (LOS1), names or ALL; commas, or repeated.",
        show_default=False,
    ),
]
_Ignore = Annotated[
    list[str] | None,
    typer.Option("--ignore", metavar="RULES", help="Leave these rules out.", show_default=False),
]
_ExtendSelect = Annotated[
    list[str] | None,
    typer.Option(
        "--extend-select",
        metavar="RULES",
        help="Run these rules too, on top of the others.",
        show_default=False,
    ),
]
_Format = Annotated[
    str,
    typer.Option(
        "--output-format", "--format", "-f", metavar="FORMAT", help="text, concise or json."
    ),
]
_FailOn = Annotated[
    str | None,
    typer.Option(
        "--fail-on",
        metavar="SEVERITY",
        help="Exit 1 for findings of this severity or above: error, warning (the default) or "
        "advice.",
        show_default=False,
    ),
]
_MinConfidence = Annotated[
    str | None,
    typer.Option(
        "--min-confidence",
        metavar="CONFIDENCE",
        help="Show findings of this confidence or above: high, medium (the default) or low.",
        show_default=False,
    ),
]
_Exclude = Annotated[
    list[str] | None,
    typer.Option(
        "--exclude",
        metavar="PATTERNS",
        help="Skip what matches these, written as in .gitignore.",
        show_default=False,
    ),
]


def check(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PATH",
            help="Files and folders, or - for stdin; without any, the current folder.",
            show_default=False,
        ),
    ] = None,
    select: _Rules = None,
    ignore: _Ignore = None,
    extend_select: _ExtendSelect = None,
    output_format: _Format = "text",
    fail_on: _FailOn = None,
    min_confidence: _MinConfidence = None,
    exit_zero: Annotated[
        bool, typer.Option("--exit-zero", help="Exit 0 even if there are findings.")
    ] = False,
    statistics: Annotated[
        bool, typer.Option("--statistics", help="Show only how often each rule found something.")
    ] = False,
    show_unresolved: Annotated[
        bool,
        typer.Option(
            "--show-unresolved",
            help="List the loss calls that were not understood, and where the trail was lost.",
        ),
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print the findings and nothing else.")
    ] = False,
    exclude: _Exclude = None,
    config: Config = None,
    isolated: Isolated = False,
    allow_local_rules: AllowLocalRules = False,
    stdin_filename: Annotated[
        str | None,
        typer.Option(
            "--stdin-filename",
            metavar="FILE",
            help="The name of what comes on stdin, where the path is -.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Lint files and folders (the default)."""
    write = writer(output_format)
    warn_about_namesake()
    request = Request(
        paths=paths or (".",),
        setup=Setup(config, isolated, allow_local_rules),
        select=None if select is None else words(select),
        ignore=words(ignore),
        extend_select=words(extend_select),
        exclude=words(exclude),
        fail_on=fail_on,
        min_confidence=min_confidence,
        show_unresolved=show_unresolved,
        stdin_filename=stdin_filename,
        stdin=read_stdin,
    )
    with ProgressBar() as progress:
        outcome = run(request, _no_talk if quiet else say_warning, progress)
    write(
        outcome.report,
        View(Path.cwd(), quiet=quiet, statistics=statistics),
        sys.stdout,
    )
    raise typer.Exit(1 if outcome.failed and not exit_zero else 0)


def _no_talk(message: str) -> None:
    """What --quiet does with warnings."""
