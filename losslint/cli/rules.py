"""``losslint rules``: list the rules."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from losslint.cli.options import AllowLocalRules, Config, Isolated
from losslint.cli.terminal import say_warning
from losslint.errors import UserError, did_you_mean
from losslint.run import Setup

_FORMATS = ("text", "json")


def rules(
    output_format: Annotated[
        str,
        typer.Option("--output-format", "--format", "-f", metavar="FORMAT", help="text or json."),
    ] = "text",
    pages: Annotated[
        Path | None,
        typer.Option(
            "--pages", metavar="FOLDER", help="Write a page of each rule, and a table, to FOLDER."
        ),
    ] = None,
    config: Config = None,
    isolated: Isolated = False,
    allow_local_rules: AllowLocalRules = False,
) -> None:
    """List all rules.

    A line each: code, name, severity, whether it is on by default, and what it finds. As JSON with
    the page of each.
    """
    from losslint.report.pages import write_pages, write_rules, write_rules_as_json

    if output_format not in _FORMATS:
        hint = did_you_mean(output_format, _FORMATS)
        raise UserError(
            f"--output-format is one of {', '.join(_FORMATS)}, not {output_format!r}{hint}"
        )
    setup = Setup(config, isolated, allow_local_rules)
    found = setup.rules(setup.settings(Path.cwd()), say_warning)
    if pages is not None:
        try:
            write_pages(found, pages)
        except OSError as problem:
            raise UserError(f"--pages: {pages} cannot be written: {problem}") from problem
        return
    write = write_rules_as_json if output_format == "json" else write_rules
    write(found)
