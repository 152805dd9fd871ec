"""What ``losslint check`` does with fixes: where they go, what is said, and the exit code."""

from __future__ import annotations

import sys
from collections.abc import Collection
from dataclasses import dataclass

from losslint.finding import Safety
from losslint.report import View, Writer
from losslint.report.fixes import ALL, SAFE_ONLY, outcome, write_diff, write_fixed
from losslint.run import Outcome
from losslint.source import NOTEBOOK
from losslint.writing import write_back


@dataclass(frozen=True, slots=True)
class FixWish:
    """The options that have to do with fixes."""

    fix: bool = False
    unsafe: bool = False
    show: bool = False
    diff: bool = False
    only: bool = False
    exit_non_zero: bool = False

    @property
    def safeties(self) -> Collection[Safety]:
        """The safeties of the fixes that are on offer."""
        return ALL if self.unsafe else SAFE_ONLY

    @property
    def applied(self) -> Collection[Safety]:
        """The safeties of the fixes that are applied."""
        return self.safeties if self.fix or self.only or self.diff else ()

    def failed(self, found: Outcome) -> bool:
        """Whether the run ends with exit code 1."""
        fixed = bool(found.report.fixed)
        if self.diff:
            return fixed
        if self.exit_non_zero and fixed:
            return True
        return found.failed and not self.only


def conclude(found: Outcome, wish: FixWish, view: View, write: Writer, *, from_stdin: bool) -> None:
    """Writes the fixed files back, and says what was found and fixed.

    What came on standard input goes to standard output, and what is said of it to standard error.
    """
    out = sys.stderr if wish.applied and (from_stdin or wish.diff) else sys.stdout
    if wish.diff:
        write_diff(found.before, found.after, view, sys.stdout)
    elif wish.applied and from_stdin:
        for source in found.after:
            if source.path.suffix == NOTEBOOK and source.given is not None:
                sys.stdout.buffer.write(source.given)
            else:
                sys.stdout.write(source.decode())
    elif wish.applied:
        write_back(found.before, found.after, found.report.fixed)
    if not (wish.only or wish.diff):
        write(found.report, view, out)
    elif not view.quiet:
        out.write(outcome(found.report, view, written=not wish.diff) + "\n")
    if wish.show and found.report.fixed and not wish.diff:
        write_fixed(found.report.fixed, view, out)
