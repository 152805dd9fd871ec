"""What the author states: what a value is, by a comment; what a factory returns, by settings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from losslint.analysis.domain.trail import Place, extend
from losslint.analysis.domain.values import (
    Act,
    Class,
    DType,
    Extern,
    Function,
    Sign,
    TargetKind,
    Tensor,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import libcst as cst

KINDS: dict[str, Tensor] = {
    "logits": Tensor(act=Act.RAW),
    "probs": Tensor(act=Act.PROB, sign=Sign.NON_NEGATIVE),
    "log_probs": Tensor(act=Act.LOG_PROB),
    "indices": Tensor(target=TargetKind.INDICES, dtype=DType.INT, grad=False),
    "one_hot": Tensor(target=TargetKind.ONE_HOT, dtype=DType.FLOAT, grad=False),
}
"""What a value can be stated to be."""
_COMMENT = re.compile(r"#\s*losslint\s*:\s*(\w+)(?![\w\[-])")


def stated_by_comment(comment: cst.Comment, place: Place) -> Tensor | None:
    """What the comment at the end of a line says that the line's value is."""
    found = _COMMENT.search(comment.value)
    if found is None or found[1] not in KINDS:
        return None
    return KINDS[found[1]].but(trail=extend(None, place, f"stated to be {found[1]}"))


def stated_by_settings(callee: Value, returns: Mapping[str, str], place: Place) -> Tensor | None:
    """What the settings say that a callable returns, or that what it returns gives when called."""
    for name in _names(callee):
        kind = returns.get(name)
        if kind is not None:
            trail = extend(None, place, f"stated in the settings to give {kind}")
            return KINDS[kind].but(trail=trail)
    return None


def _names(callee: Value) -> list[str]:
    """The qualified names under which a callable can be named: from every folder above its file."""
    if isinstance(callee, Extern):
        return [callee.name]
    if not isinstance(callee, Function | Class):
        return []
    path = callee.scope.module.source.path.with_suffix("")
    parts = [*path.parts[1:], callee.name]
    if parts[-2] == "__init__":
        del parts[-2]
    folders = [".".join(parts[start:]) for start in range(max(0, len(parts) - 8), len(parts) - 1)]
    packages = [
        ".".join((*parts[start:-2], parts[-1]))
        for start in range(max(0, len(parts) - 8), len(parts) - 2)
    ]
    return [*folders, *packages]


def with_facts(value: Value, stated: Tensor) -> Tensor:
    """The value, taken to be what the author states; where it comes from is kept."""
    deps = value.deps if isinstance(value, Tensor | Unknown) else frozenset()
    trail = stated.trail
    if trail is not None and isinstance(value, Tensor):
        trail = extend(value.trail, trail.step.place, trail.step.message)
    return stated.but(deps=deps, trail=trail)
