"""Calls that show what a function does, and calls that use it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from losslint.analysis.domain.values import Function
    from losslint.analysis.interpreter import Interpreter


def note_caller(run: Interpreter, function: Function) -> None:
    """Notes a call that says how a function is used, as that of a demonstration does not."""
    if not _is_demonstration(run):
        run.seen.used.add(function.node)


def _is_demonstration(run: Interpreter) -> bool:
    """Whether what calls is a main guard, a test, or the analysis itself."""
    frame = run.frame
    if frame.name == "<module>":
        return frame.scope.module.state == "done"
    return frame.name.startswith("test")
