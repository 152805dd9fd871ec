"""Settings: ``[tool.losslint]`` of a pyproject.toml, or a losslint.toml."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from losslint.analysis.reading.stated import KINDS
from losslint.errors import UserError, did_you_mean
from losslint.finding import Confidence, Severity
from losslint.paths import exists, is_file

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

OWN_FILE = "losslint.toml"
SHARED_FILE = "pyproject.toml"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a project, and the options of one run, ask for."""

    root: Path
    """The folder that patterns and paths in the settings are relative to."""
    file: Path | None = None
    """The file that the settings come from."""
    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    per_file_ignores: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    severity: Mapping[str, Severity] = field(default_factory=dict)
    fail_on: Severity = Severity.WARNING
    min_confidence: Confidence = Confidence.MEDIUM
    src: tuple[Path, ...] = ()
    local_rules: tuple[Path, ...] = ()
    returns: Mapping[str, str] = field(default_factory=dict)
    """What callables return, by their qualified names."""


def find_settings(start: Path, fallback_root: Path) -> Settings:
    """The settings of the nearest file in ``start`` or a folder above it that has any.

    Raises:
        UserError: if that file is wrong.
    """
    for folder in (start, *start.parents):
        own = folder / OWN_FILE
        if is_file(own):
            return read_settings(own)
        shared = folder / SHARED_FILE
        if is_file(shared):
            table = _table(shared)
            if table is not None:
                return _settings(shared, table)
    return Settings(root=fallback_root)


def read_settings(file: Path) -> Settings:
    """The settings in one file; a pyproject.toml may have none.

    Raises:
        UserError: if the file cannot be read or is wrong.
    """
    return _settings(file, _table(file) or {})


def severity_of(word: str, where: str) -> Severity:
    """The severity called ``word``."""
    try:
        return Severity[word.upper()]
    except KeyError:
        raise _unknown(where, word, Severity) from None


def confidence_of(word: str, where: str) -> Confidence:
    """The confidence called ``word``."""
    try:
        return Confidence[word.upper()]
    except KeyError:
        raise _unknown(where, word, Confidence) from None


def _unknown(where: str, word: str, known: type[Severity | Confidence]) -> UserError:
    return _not_one_of(where, word, [member.name.lower() for member in reversed(known)])


def _not_one_of(where: str, word: str, names: list[str]) -> UserError:
    hint = did_you_mean(word, names)
    return UserError(f"{where} is one of {', '.join(names)}, not {word!r}{hint}")


def _table(file: Path) -> dict[str, Any] | None:
    """The losslint table of a file; a pyproject.toml without one gives None."""
    try:
        document: dict[str, Any] = tomllib.loads(file.read_bytes().decode("utf-8-sig"))
    except OSError as problem:
        raise UserError(f"{file} cannot be read: {problem.strerror or problem}") from problem
    except ValueError as problem:  # not UTF-8, or not TOML
        raise UserError(f"{file} is not valid TOML: {problem}") from problem
    if file.name != SHARED_FILE:
        return document
    tool = document.get("tool", {})
    table = tool.get("losslint") if isinstance(tool, dict) else None
    if table is None or isinstance(table, dict):
        return table
    raise UserError(f"{file}: tool.losslint must be a table, not {_kind(table)}")


def _settings(file: Path, table: dict[str, Any]) -> Settings:
    found: dict[str, Any] = {}
    for key, value in table.items():
        read = _KEYS.get(key)
        if read is None:
            raise UserError(f"{file}: unknown setting {key!r}{did_you_mean(key, _KEYS)}")
        found[key.replace("-", "_")] = read(value, f"{file}: {key}", file.parent)
    return Settings(root=file.parent, file=file, **found)


def _words(value: object, where: str, root: Path) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise UserError(f"{where} must be a list of strings, not {_kind(value)}")
    return tuple(value)


def _paths(value: object, where: str, root: Path) -> tuple[Path, ...]:
    paths = tuple((root / word).resolve() for word in _words(value, where, root))
    for path in paths:
        if not exists(path):
            raise UserError(f"{where}: no such path: {path}")
    return paths


def _ignores_by_pattern(value: object, where: str, root: Path) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, dict):
        raise UserError(
            f'{where} must be a table such as {{"tests/*" = ["LOS1"]}}, not {_kind(value)}'
        )
    return {
        pattern: _words(words, f"{where}.{pattern!r}", root) for pattern, words in value.items()
    }


def _severities(value: object, where: str, root: Path) -> dict[str, Severity]:
    if not isinstance(value, dict):
        raise UserError(f'{where} must be a table such as {{LOS101 = "error"}}, not {_kind(value)}')
    return {word: _severity(level, f"{where}.{word}", root) for word, level in value.items()}


def _returns(value: object, where: str, root: Path) -> dict[str, str]:
    if not isinstance(value, dict):
        raise UserError(
            f'{where} must be a table such as {{"zoo.build_model" = "logits"}}, not {_kind(value)}'
        )
    found: dict[str, str] = {}
    for name, kind in value.items():
        if isinstance(kind, dict):
            # zoo.build_model = "logits" without quotes is a table in a table
            inner = _returns(kind, f"{where}.{name}", root)
            found.update((f"{name}.{rest}", word) for rest, word in inner.items())
        elif _word(kind, f"{where}.{name}") not in KINDS:
            raise _not_one_of(f"{where}.{name}", kind, list(KINDS))
        else:
            found[name] = kind
    return found


def _severity(value: object, where: str, root: Path) -> Severity:
    return severity_of(_word(value, where), where)


def _confidence(value: object, where: str, root: Path) -> Confidence:
    return confidence_of(_word(value, where), where)


def _word(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise UserError(f"{where} must be a string, not {_kind(value)}")
    return value


def _kind(value: object) -> str:
    """What came instead, as TOML calls it."""
    names = {
        bool: "a boolean",
        int: "an integer",
        float: "a float",
        str: "a string",
        dict: "a table",
    }
    if isinstance(value, list):
        odd = next((item for item in value if not isinstance(item, str)), None)
        return "a list" if odd is None else f"a list with {_kind(odd)}"
    return names.get(type(value), "a date or time")


_KEYS: dict[str, Callable[[object, str, Path], object]] = {
    "select": _words,
    "ignore": _words,
    "extend-select": _words,
    "exclude": _words,
    "per-file-ignores": _ignores_by_pattern,
    "severity": _severities,
    "fail-on": _severity,
    "min-confidence": _confidence,
    "src": _paths,
    "local-rules": _paths,
    "returns": _returns,
}
