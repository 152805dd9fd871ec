"""Work that recurses deeper than the usual stack allows.

Only a thread can be given a larger stack. The size is address space, which costs nothing until it
is used, but where even that is limited the thread cannot start, and a smaller one has to do.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

Result = TypeVar("Result")

_SIZES = tuple(mebibytes * 1024 * 1024 for mebibytes in (512, 256, 64, 16))
_FRAME = 13_000
"""Bytes of stack for one frame of Python, of which the interpreter needs less."""


def on_a_deep_stack(work: Callable[[], Result]) -> Result:
    """What ``work`` returns, or raises, in a thread with a large stack."""
    results: list[Result] = []
    problems: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as problem:  # noqa: BLE001 - it is raised again in the caller's thread
            problems.append(problem)

    limit, size = sys.getrecursionlimit(), threading.stack_size()
    try:
        _started(run, limit).join()
    finally:
        sys.setrecursionlimit(limit)
        threading.stack_size(size)
    if problems:
        raise problems[0]
    return results[0]


def _started(run: Callable[[], None], limit: int) -> threading.Thread:
    for size in _SIZES:
        thread = threading.Thread(target=run, name="losslint", daemon=True)
        with suppress(RuntimeError, ValueError):
            threading.stack_size(size)
            sys.setrecursionlimit(max(limit, size // _FRAME))
            thread.start()
            return thread
    threading.stack_size(0)
    sys.setrecursionlimit(limit)
    thread = threading.Thread(target=run, name="losslint", daemon=True)
    thread.start()
    return thread
