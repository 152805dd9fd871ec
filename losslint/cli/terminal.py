"""What is said on stderr, and a progress bar for runs that take a while."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from importlib import metadata
from types import TracebackType
from typing import TYPE_CHECKING

from losslint.errors import UserError
from losslint.report.escape import printable

if TYPE_CHECKING:
    from rich.progress import Progress

_SECONDS_BEFORE_PROGRESS = 1.0
_RED, _YELLOW, _RESET = "\x1b[1;31m", "\x1b[1;33m", "\x1b[0m"


def read_stdin() -> bytes:
    """All that comes on standard input.

    Raises:
        UserError: if there is none.
    """
    if sys.stdin is None:
        raise UserError("the path - reads standard input, which is closed")
    return sys.stdin.buffer.read()


def say_error(message: str) -> None:
    """Tells the user why the run stopped."""
    _say("error", _RED, message)


def say_warning(message: str) -> None:
    """Tells the user something besides the findings."""
    _say("warning", _YELLOW, message)


def _say(kind: str, colour: str, message: str) -> None:
    if sys.stderr.isatty() and not os.environ.get("NO_COLOR"):
        kind = f"{colour}{kind}{_RESET}"
    sys.stderr.write(f"{kind}: {printable(message)}\n")


def warn_about_namesake() -> None:
    """Says so if the other project called losslint is installed as well."""
    try:
        other = metadata.version("losslint")
    except metadata.PackageNotFoundError:
        return
    say_warning(
        f"the distribution 'losslint' {other} is installed too. It is another project (it lints "
        "logs) with the same import package and command, and the two overwrite each other: "
        "`pip uninstall losslint`, then install torch-losslint again"
    )


class ProgressBar:
    """A bar on stderr, shown only on a terminal and only once a run takes its time."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._started = clock()
        self._is_wanted = sys.stderr.isatty()
        self._bar: Progress | None = None

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, done: int, total: int) -> None:
        """Files done, and files in all."""
        if not self._is_wanted or self._clock() - self._started < _SECONDS_BEFORE_PROGRESS:
            return
        if self._bar is None:
            from rich.console import Console
            from rich.progress import Progress

            self._bar = Progress(console=Console(stderr=True), transient=True)
            self._bar.add_task("linting")
            self._bar.start()
        self._bar.update(self._bar.task_ids[0], completed=done, total=total)
