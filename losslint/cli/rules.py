"""``losslint rules``: list the rules."""

from __future__ import annotations

from pathlib import Path

from losslint.cli.options import AllowLocalRules, Config, Isolated
from losslint.cli.terminal import say_warning
from losslint.run import Setup


def rules(
    config: Config = None,
    isolated: Isolated = False,
    allow_local_rules: AllowLocalRules = False,
) -> None:
    """List all rules.

    A line each: code, name, severity, whether it is on by default, and what it finds.
    """
    from losslint.report.pages import write_rules

    setup = Setup(config, isolated, allow_local_rules)
    write_rules(setup.rules(setup.settings(Path.cwd()), say_warning))
