"""Methods of constants, as far as programs decide by them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losslint.analysis.values import Const, Unknown, Value

if TYPE_CHECKING:
    from losslint.analysis.arguments import Args


def constant_method(target: Value, name: str, args: Args) -> Value:
    """A method of a string, number or tuple."""
    if isinstance(target, Const) and isinstance(target.value, str):
        known = [arg.value for arg in args.positional if isinstance(arg, Const)]
        if name in ("lower", "upper", "strip") and not args.positional:
            return Const(getattr(target.value, name)())
        if name in ("startswith", "endswith") and len(known) == 1 and isinstance(known[0], str):
            return Const(bool(getattr(target.value, name)(known[0])))
    return Unknown()
