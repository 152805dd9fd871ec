"""The list of losses, and the page of one."""

from __future__ import annotations

import sys
from itertools import groupby

from losslint.catalogue import ENTRIES, Entry


def write_losses() -> None:
    """Writes the losses by group, a line each: name and what it is."""
    width = max(len(entry.name) for entry in ENTRIES)
    for number, (group, entries) in enumerate(groupby(ENTRIES, lambda entry: entry.group)):
        sys.stdout.write(f"{'' if number == 0 else chr(10)}{group}\n")
        for entry in entries:
            sys.stdout.write(f"  {entry.name:<{width}}  {entry.title}\n")
    sys.stdout.write(
        "\n`losslint losses show NAME` shows one, `losslint losses copy NAME` its source.\n"
    )


def loss_markdown(entry: Entry) -> str:
    """The page of a loss."""
    names = [f"`{name}`" for name in (entry.module, entry.function) if name]
    rows = [f"| `{name}` | {shape} | {values} |" for name, shape, values in entry.arguments]
    references = "\n".join(f"- {reference}" for reference in entry.references)
    return "\n".join(
        (
            f"# {entry.name}",
            "",
            f"{entry.title[0].upper()}{entry.title[1:]}: {' or '.join(names)}.",
            "",
            "## Formula",
            "",
            f"    {entry.formula}",
            "",
            "## Shapes",
            "",
            "| argument | shape | values |",
            "| --- | --- | --- |",
            *rows,
            "",
            "## When to use it",
            "",
            entry.when,
            "",
            "## When not",
            "",
            entry.when_not,
            "",
            "## Code",
            "",
            "```python",
            entry.example.rstrip(),
            "```",
            "",
            "## References",
            "",
            references,
            "",
        )
    )
