"""The entry point: finds the command, and turns what goes wrong into an exit code.

Exit codes: 0 clean, 1 findings, 2 a mistake of the user's or a run that failed, 130 interrupted.
"""

from __future__ import annotations

import errno
import gc
import os
import shlex
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from losslint import __version__
from losslint.errors import UserError, did_you_mean
from losslint.paths import exists

if TYPE_CHECKING:
    import typer

COMMANDS = ("check", "rules", "explain", "losses", "compare", "advise", "checklist")
_OWN_OPTIONS = ("-h", "--help", "--version")
_SURE_COMMANDS = {f"--{command}": command for command in COMMANDS if command != "check"}
"""The commands in a form that no path has, for where a folder has the command's name."""
_INTERRUPTED = 130
_CLOSED_PIPE = 141
_MISTAKE = 2


def launch() -> NoReturn:
    """Runs the command line and ends the process."""
    # The process is short: looking for garbage among the trees would cost as much as parsing.
    gc.disable()
    code = main()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    # Python's orderly end frees the trees one by one, which takes a tenth of the run. Interrupted,
    # the analysis may still run in a thread of its own, and the orderly end under a thread that is
    # inside the parser is a crash.
    os._exit(code)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line and returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    _open_closed_streams()
    _write_anything()
    try:
        _stand_somewhere()
        code = _run(with_command(given))
        sys.stdout.flush()
    except UserError as problem:
        return _complain(str(problem))
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        _abandon_stdout()
        return _CLOSED_PIPE
    except Exception as problem:  # noqa: BLE001  a bug, and must not look like findings
        if isinstance(problem, OSError) and problem.errno == errno.ENOSPC:
            _abandon_stdout()
            return _complain(f"the output cannot be written: {problem.strerror}")
        traceback.print_exc()
        return _complain(f"losslint {__version__} itself failed; please report this as a bug")
    return code


def with_command(arguments: Sequence[str]) -> list[str]:
    """The arguments with ``check`` put before them if they name no command.

    Raises:
        UserError: if the first is both a command and an existing path.
    """
    if not arguments:
        return ["check"]
    first, *rest = arguments
    if first in _OWN_OPTIONS:
        return list(arguments)
    if first in _SURE_COMMANDS:
        return [_SURE_COMMANDS[first], *rest]
    if first not in COMMANDS:
        is_word = first.isalpha() and not exists(Path(first))
        near = did_you_mean(first, COMMANDS) if is_word else ""
        if near:
            raise UserError(f"no such command, file or folder: {first!r}{near}")
        return ["check", *arguments]
    # `losslint check check` is how to lint a folder of that name.
    if exists(Path(first)) and not (first == "check" and rest):
        command = shlex.join(
            ["losslint", *(["check", "."] if first == "check" else [f"--{first}"]), *rest]
        )
        path = shlex.join(["losslint", f"./{first}", *rest])
        raise UserError(
            f"{first!r} is a command, and also a path here. Write `{command}` for the command, or "
            f"`{path}` for the path"
        )
    return list(arguments)


def _run(arguments: list[str]) -> int:
    import typer

    from losslint.cli.app import app

    command = typer.main.get_command(app)
    try:
        code = command.main(arguments, prog_name="losslint", standalone_mode=False)
    except typer.Abort:
        return _INTERRUPTED
    except SystemExit as problem:
        if isinstance(problem.__context__, BrokenPipeError):
            raise problem.__context__ from None  # typer calls it exit 1, which means findings
        raise
    except Exception as problem:
        # Typer carries its own copy of click's exceptions, or click's, depending on the version.
        describe = getattr(problem, "format_message", None)
        if describe is None:
            raise
        return _complain(describe(), getattr(problem, "ctx", None))
    return code if isinstance(code, int) else 0


def _complain(message: str, context: typer.Context | None = None) -> int:
    from losslint.cli.terminal import say_error

    say_error(message)
    if context is not None:
        sys.stderr.write(f"`{context.command_path} --help` lists the options.\n")
    return _MISTAKE


def _abandon_stdout() -> None:
    """Python flushes stdout once more at exit: lets that go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _open_closed_streams() -> None:
    """Gives a process that was started without stdout or stderr something to write to."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115


def _stand_somewhere() -> None:
    try:
        Path.cwd()
    except OSError as problem:
        raise UserError(f"the current folder cannot be used: {problem.strerror}") from problem


def _write_anything() -> None:
    """Lets names in any encoding through to a terminal that lacks their characters."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
