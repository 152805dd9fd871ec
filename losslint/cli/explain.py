"""``losslint explain``: show the page of a rule."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from losslint.cli.options import AllowLocalRules, Config, Isolated
from losslint.cli.terminal import say_warning
from losslint.rule import find_rule
from losslint.run import Setup
from losslint.selection import unknown_rule


def explain(
    rule: Annotated[str, typer.Argument(metavar="RULE", help="A rule's code or name.")],
    config: Config = None,
    isolated: Isolated = False,
    allow_local_rules: AllowLocalRules = False,
) -> None:
    """Show a rule's page.

    What it finds, why that matters, what to write instead, and when it is fine.
    """
    from losslint.report.pages import write_page

    setup = Setup(config, isolated, allow_local_rules)
    known = setup.rules(setup.settings(Path.cwd()), say_warning)
    found = find_rule(known, rule)
    if found is None:
        raise unknown_rule(rule, known, "explain")
    write_page(found)
