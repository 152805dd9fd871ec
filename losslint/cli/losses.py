"""``losslint losses``: list the losses, show one, print its source to own."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

losses = typer.Typer(
    help="List the losses, show the page of one, or print its source.",
    add_completion=False,
    rich_markup_mode=None,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_Name = Annotated[str, typer.Argument(metavar="NAME", help="A loss, such as focal or FocalLoss.")]


@losses.callback()
def _list(context: typer.Context) -> None:
    """List the losses by group, torch's own among them."""
    if context.invoked_subcommand is None:
        from losslint.report.losses import write_losses

        write_losses()


@losses.command()
def show(name: _Name) -> None:
    """Show the page of a loss.

    Its formula, what it is given, when to use it and when not, and code.
    """
    from losslint.catalogue import find_entry
    from losslint.report.losses import loss_markdown
    from losslint.report.pages import write_markdown

    write_markdown(loss_markdown(find_entry(name)))


@losses.command()
def copy(name: _Name) -> None:
    """Print the source of a loss, to own: it needs only torch."""
    from losslint.catalogue import find_entry
    from losslint.catalogue.copying import standalone_source

    sys.stdout.write(standalone_source(find_entry(name)))
