"""Answers from a TOML file: one key an option."""

from __future__ import annotations

import sys
from pathlib import Path

from losslint.advisor.walking import Answer
from losslint.errors import UserError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def read_answers(path: Path) -> dict[str, Answer]:
    """The answers by option; true and false mean yes and no.

    Raises:
        UserError: if the file cannot be read, or a value is neither a word nor a number.
    """
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except OSError as problem:
        raise UserError(f"{path}: cannot be read: {problem.strerror}") from problem
    except UnicodeDecodeError as problem:
        raise UserError(f"{path}: is not UTF-8") from problem
    except tomllib.TOMLDecodeError as problem:
        raise UserError(f"{path}: is not TOML: {problem}") from problem
    return {key.replace("_", "-"): Answer(_word(path, key, value)) for key, value in values.items()}


def _word(path: Path, key: str, value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str | int | float):
        return str(value)
    raise UserError(f"{path}: {key} has to be a word or a number, such as {key} = 'none'")
