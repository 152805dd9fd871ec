"""Methods of constants, as far as programs decide by them."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

from losslint.analysis.domain.values import UNKNOWN, Const, Tuple, Unknown, Value

if TYPE_CHECKING:
    import libcst as cst

    from losslint.analysis.domain.arguments import Args


def constant_method(target: Value, name: str, args: Args) -> Value:
    """A method of a string, number or tuple."""
    if isinstance(target, Const) and isinstance(target.value, str):
        known = [arg.value for arg in args.positional if isinstance(arg, Const)]
        if name == "join" and len(args.positional) == 1:
            return _joined(target.value, args.positional[0])
        whole = len(known) == len(args.positional) and not args.open and not args.keywords
        if name in _SAFE and whole:
            return _applied(target.value, name, known)
        if name in ("startswith", "endswith") and len(known) == 1 and isinstance(known[0], str):
            return Const(bool(getattr(target.value, name)(known[0])))
        if name == "format" and not args.open and not args.keywords:
            return _filled(target.value, _FIELD, args.positional, args.node)
    return Unknown()


MAX_TEXT = 1_000
"""Characters of a computed string, bits of a computed number."""
_SAFE = frozenset(
    "lower upper title capitalize strip lstrip rstrip split rsplit partition rpartition replace "
    "removeprefix removesuffix".split()
)
"""Methods of strings that make a string, or several."""
_FIELD = re.compile(r"\{(\d*)\}")
_SPECIFIER = re.compile(r"%[sd]()")


def _applied(text: str, name: str, given: Sequence[object]) -> Value:
    """What a method of a string gives: another one, or its parts."""
    if len(text) > MAX_TEXT:
        return UNKNOWN
    try:
        made = getattr(text, name)(*given)
    except (TypeError, ValueError):
        return UNKNOWN
    parts = [made] if isinstance(made, str) else made
    if sum(map(len, parts)) > MAX_TEXT:
        return UNKNOWN
    return Const(made) if isinstance(made, str) else Tuple(tuple(map(Const, made)))


def _joined(between: str, value: Value) -> Value:
    """Strings put together with another one between them."""
    items = value.items if isinstance(value, Tuple) else ()
    texts = [one.value for one in items if isinstance(one, Const) and isinstance(one.value, str)]
    size = sum(map(len, texts)) + len(between) * len(texts)
    if not texts or len(texts) < len(items) or size > MAX_TEXT:
        return UNKNOWN
    return Const(between.join(texts))


def percent(template: str, value: Value, node: cst.CSTNode) -> Value:
    """``template % value``."""
    values = value.items if isinstance(value, Tuple) else (value,)
    return _filled(template, _SPECIFIER, values, node)


def shown(value: Value) -> str | None:
    """A short constant as text."""
    if isinstance(value, Const):
        if isinstance(value.value, str):
            return value.value
        if isinstance(value.value, int) and value.value.bit_length() <= MAX_TEXT:
            return str(value.value)
    return None


_TEXT = "text"


def put_together(beginning: str, values: Sequence[Value], node: cst.CSTNode) -> Unknown:
    """A string of which only the beginning is known.

    It is the same as another where the same symbols were put into it, or the same line made it.
    """
    symbols = tuple(value.key if isinstance(value, Unknown) else shown(value) for value in values)
    parts: Hashable = id(node) if None in symbols else symbols
    return Unknown((_TEXT, beginning, parts))


def beginning_of(value: Value) -> str:
    """How a string begins of which no more may be known."""
    if isinstance(value, Const):
        return value.value if isinstance(value.value, str) else ""
    key = value.key if isinstance(value, Unknown) else None
    return key[1] if isinstance(key, tuple) and key[0] == _TEXT else ""


def _filled(
    template: str, field: re.Pattern[str], values: Sequence[Value], node: cst.CSTNode
) -> Value:
    """A template of plain fields with constants in them."""
    texts = [shown(value) for value in values]
    numbers = [int(text) if text else index for index, text in enumerate(field.findall(template))]
    rest = field.sub("", template)
    if set("{}%") & set(rest) or not all(number < len(texts) for number in numbers):
        return UNKNOWN
    parts: list[str] = []
    end = 0
    for number, match in zip(numbers, field.finditer(template), strict=True):
        text = texts[number]
        if text is None:
            return put_together("".join(parts) + template[end : match.start()], values, node)
        parts += [template[end : match.start()], text]
        end = match.end()
    parts.append(template[end:])
    return Const("".join(parts)) if sum(map(len, parts)) <= MAX_TEXT else UNKNOWN
