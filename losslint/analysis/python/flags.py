"""Flags that an object sets in a method which nothing in sight calls: a buffer is full, say."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.domain.lookup import lineage
from losslint.analysis.domain.values import Class, Const, Instance
from losslint.analysis.reading.nodes import walk
from losslint.analysis.torch_api.registry import group_of

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter


def may_have_changed(run: Interpreter, target: Instance, name: str, flag: Const) -> bool:
    """Whether a flag of an object can be another one than it was last seen to be.

    A network's are left as they are: they choose what it is built for.
    """
    if not isinstance(flag.value, bool) or group_of(target):
        return False
    return any(
        method not in run.seen.callers
        for cls in lineage(target.cls)
        if isinstance(cls, Class)
        for method, value in _setters(cls.node).get(name, {}).items()
        if value != str(flag.value)
    )


@lru_cache(maxsize=1_024)
def _setters(node: cst.ClassDef) -> Mapping[str, Mapping[cst.FunctionDef, str]]:
    """By attribute the methods that set it, each with the name that it is set to, if it is one."""
    found: dict[str, dict[cst.FunctionDef, str]] = {}
    for method in node.body.body:
        if not isinstance(method, cst.FunctionDef) or method.name.value == "__init__":
            continue
        for one in walk(method.body):
            if not isinstance(one, cst.Assign):
                continue
            value = one.value.value if isinstance(one.value, cst.Name) else ""
            for target in (part.target for part in one.targets):
                if isinstance(target, cst.Attribute) and isinstance(target.value, cst.Name):
                    if target.value.value == "self":
                        found.setdefault(target.attr.value, {})[method] = value
    return found
