"""``losslint checklist``: what to verify before training."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from losslint.cli.options import AllowLocalRules, Config, Isolated
from losslint.cli.terminal import say_warning
from losslint.errors import UserError, did_you_mean
from losslint.report import View
from losslint.run import Request, Setup, run

_FORMATS = ("text", "markdown", "json")


def checklist(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PATH",
            help="Files and folders to look at; what the analysis can see is ticked or crossed.",
            show_default=False,
        ),
    ] = None,
    output_format: Annotated[
        str,
        typer.Option(
            "--output-format", "--format", "-f", metavar="FORMAT", help="text, markdown or json."
        ),
    ] = "text",
    config: Config = None,
    isolated: Isolated = False,
    allow_local_rules: AllowLocalRules = False,
) -> None:
    """List what to verify before training.

    The exit code is 0 whatever is found: `losslint check` is for failing.
    """
    from losslint.advisor.checklist import Analysed, Found, document, markdown
    from losslint.advisor.writing import write_json, write_page

    if output_format not in _FORMATS:
        raise UserError(
            f"--format {output_format}: not one of {', '.join(_FORMATS)}"
            f"{did_you_mean(output_format, _FORMATS)}"
        )
    analysed = None
    if paths:
        setup = Setup(config, isolated, allow_local_rules)
        rules = setup.rules(setup.settings(Path.cwd()), say_warning)
        report = run(Request(paths=paths, setup=setup, select=["ALL"]), say_warning).report
        view = View(Path.cwd())
        findings = [
            Found(found.code, f"{view.path(found.span.path)}:{found.span.row}", found.message)
            for found in report.findings
        ]
        for found in findings:
            if found.code.startswith("LOS0"):
                say_warning(f"{found.place}: {found.message}")
        analysed = Analysed(
            findings,
            {rule.code for rule in rules},
            report.coverage.loss_calls,
            report.coverage.understood,
        )
    if output_format == "json":
        write_json(document(analysed))
    else:
        write_page(markdown(analysed), output_format)
