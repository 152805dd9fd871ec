"""Scripts for the tests of fixes: how they are put together, linted and fixed."""

from pathlib import Path
from textwrap import indent

from losslint.engine import Job, lint
from losslint.finding import Report, Safety
from losslint.fixing import fix_all
from losslint.rule import installed_rules
from losslint.selection import FileIgnores, choose
from losslint.source import Source

IMPORTS = """\
import torch
import torch.nn as nn
import torch.nn.functional as F
"""
LAYER = "net = nn.Linear(3, 2)\n"
SAFE = (Safety.SAFE,)
ALL = (Safety.SAFE, Safety.UNSAFE)


def linted(folder: Path, text: str, safeties: tuple[Safety, ...]) -> tuple[Report, Report, str]:
    """What is found in a script, what is left when it is fixed, and the fixed script."""
    rules = installed_rules()
    job = Job(folder, rules, choose(rules, []), FileIgnores(folder))
    source = Source((folder / "train.py").resolve(), text.encode())
    before = lint([source], job)
    fixed = fix_all([source], before, lambda changed: lint(changed, job), safeties)
    return before, fixed.report, fixed.sources[0].decode()


def in_a_loss(expression: str, head: str = IMPORTS) -> str:
    return f"{head}{LAYER}\n\ndef loss_function(x, y):\n    return {expression}\n"


def script(*lines: str, model: str = "net = nn.Linear(3, 2)") -> str:
    return f"{IMPORTS}\n{model}\nfor x, y in loader:\n{indent(chr(10).join(lines), '    ')}\n"
