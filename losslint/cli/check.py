"""``losslint check``: lint files and folders."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from losslint.cli.fixes import FixWish, conclude
from losslint.cli.options import AllowLocalRules, Config, Isolated, words
from losslint.cli.terminal import ProgressBar, read_stdin, say_warning, warn_about_namesake
from losslint.report import View, writer
from losslint.run import STDIN, Request, Setup, run

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
    fix: Annotated[
        bool, typer.Option("--fix", help="Apply the safe fixes, and show what is left.")
    ] = False,
    unsafe_fixes: Annotated[
        bool,
        typer.Option("--unsafe-fixes", help="With --fix: also apply those that change training."),
    ] = False,
    show_fixes: Annotated[
        bool, typer.Option("--show-fixes", help="Say what was fixed in which file.")
    ] = False,
    diff: Annotated[
        bool, typer.Option("--diff", help="Show what fixing would change, and change nothing.")
    ] = False,
    fix_only: Annotated[
        bool, typer.Option("--fix-only", help="Apply the safe fixes, and show nothing else.")
    ] = False,
    exit_non_zero_on_fix: Annotated[
        bool, typer.Option("--exit-non-zero-on-fix", help="Exit 1 if anything was fixed.")
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
    wish = FixWish(
        fix=fix,
        unsafe=unsafe_fixes,
        show=show_fixes,
        diff=diff,
        only=fix_only,
        exit_non_zero=exit_non_zero_on_fix,
    )
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
        fix=wish.applied,
        stdin_filename=stdin_filename,
        stdin=read_stdin,
    )
    with ProgressBar() as progress:
        outcome = run(request, _no_talk if quiet else say_warning, progress)
    view = View(Path.cwd(), quiet=quiet, statistics=statistics, safeties=wish.safeties)
    conclude(outcome, wish, view, write, from_stdin=STDIN in request.paths)
    raise typer.Exit(1 if wish.failed(outcome) and not exit_zero else 0)


def _no_talk(message: str) -> None:
    """What --quiet does with warnings."""
