"""Calls whose results go on, as those of torch's `backward` never do."""

from __future__ import annotations

from functools import lru_cache

import libcst as cst

from losslint.analysis.reading.nodes import walk


def is_used(body: cst.BaseSuite | cst.Module, call: cst.CSTNode) -> bool:
    """Whether what a call in a body gives is assigned to something, or given to another call."""
    return call in _used(body)


@lru_cache(maxsize=256)
def _used(body: cst.BaseSuite | cst.Module) -> frozenset[cst.CSTNode]:
    return frozenset(
        one.value
        for one in walk(body)
        if isinstance(one, cst.Assign | cst.Arg) and isinstance(one.value, cst.Call)
    )
