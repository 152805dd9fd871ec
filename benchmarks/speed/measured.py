"""What a process costs."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_RSS_UNIT = 1 if sys.platform == "darwin" else 1024
"""Bytes in what getrusage counts resident memory in."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A process that has ended."""

    code: int
    out: str
    err: str
    cpu: float
    """Seconds of CPU time, of all its threads, in user and system mode."""
    memory: float
    """Peak of its resident memory, in MiB."""


def measured(
    command: Sequence[str],
    folder: Path,
    given: str = "",
    environment: Mapping[str, str] | None = None,
) -> Measured:
    """Runs a command to its end.

    CPU time and not wall time, since a machine that does other things as well stretches only that.

    Args:
        command: a program and its arguments.
        folder: where to run it.
        given: its standard input.
        environment: its variables, if not those of this process.
    """
    with (
        tempfile.TemporaryFile() as in_,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
    ):
        in_.write(given.encode())
        in_.seek(0)
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=in_, stdout=out, stderr=err
        )
        # Popen.wait() would forget what the process cost.
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        return Measured(
            code=process.returncode,
            out=out.read().decode("utf-8", "replace"),
            err=err.read().decode("utf-8", "replace"),
            cpu=usage.ru_utime + usage.ru_stime,
            memory=usage.ru_maxrss * _RSS_UNIT / 2**20,
        )
