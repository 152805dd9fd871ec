"""The commands, put together."""

from __future__ import annotations

from typing import Annotated

import typer

from losslint import __version__
from losslint.cli.advise import advise
from losslint.cli.check import check
from losslint.cli.checklist import checklist
from losslint.cli.compare import compare
from losslint.cli.explain import explain
from losslint.cli.losses import losses
from losslint.cli.rules import rules

_HELP = {"help_option_names": ["-h", "--help"]}

app = typer.Typer(
    name="losslint",
    add_completion=False,
    context_settings=_HELP,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Finds the wrong loss in PyTorch training code. `losslint PATH...` is `losslint check`.",
)
for command in (check, rules, explain, advise, checklist, compare):
    app.command(context_settings=_HELP)(command)
app.add_typer(losses, name="losses")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"losslint {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Options that stand before any command."""
