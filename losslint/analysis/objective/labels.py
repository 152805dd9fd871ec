"""Labels: what a loss is measured against. No gradient goes through them."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import reduce
from typing import TYPE_CHECKING

from losslint.analysis.domain.conditions import LABEL
from losslint.analysis.domain.values import Unknown, Value
from losslint.analysis.tensors.blending import deps_of, union_deps
from losslint.analysis.torch_api.registry import FUNCTIONS

if TYPE_CHECKING:
    import libcst as cst

_NAMES = re.compile(
    r"((gt|true)_\w+|(\w+_)?(targets?|labels?|gts?|truths?|true))$|lbls?$", re.IGNORECASE
)
_GIVERS = re.compile(r"(teachers?|targets?)_\w+$|(\w+_)?teachers?$", re.IGNORECASE)
"""What a teacher gave a loss, or a network that is only followed: that is not trained by it."""


def with_labels(
    node: cst.FunctionDef | cst.Lambda, bound: dict[str, Value], self: Value | None, *, judges: bool
) -> dict[str, Value]:
    """The arguments of a function, of which the unknown ones may be labels by their names.

    Args:
        node: the function.
        bound: its arguments.
        self: the object of which it is a method.
        judges: whether it is a loss. Another function compares with labels where a parameter is
            called after another one, as ``x_target`` beside ``x`` is.
    """
    inputs = [name for name, value in bound.items() if value is not self]
    named = set(filter(_NAMES.match, inputs))
    if judges:
        named |= {name for name in inputs[1:] if name == "y" or _GIVERS.match(name)}
    else:
        named = {name for name in named if name.rpartition("_")[0] in inputs}
    if not named:
        return bound
    others = reduce(
        union_deps, (deps_of(bound[name]) for name in inputs if name not in named), _NONE
    )
    found: dict[str, Value] = {
        name: replace(value, key=("param", id(node), name, LABEL))
        for name in named
        if isinstance(value := bound[name], Unknown) and _is_open(value, others)
    }
    return {**bound, **found}


_NONE: frozenset[object] = frozenset()


def _is_open(value: Unknown, others: frozenset[object]) -> bool:
    """Whether a value may be anything, but depends on nothing that others do not depend on too."""
    if isinstance(value.key, tuple) and value.key[0] not in ("made", "param"):
        return False
    return all(_is_method_of_tensors(one) for one in value.deps - others)


def _is_method_of_tensors(symbol: object) -> bool:
    return isinstance(symbol, tuple) and symbol[1:2] == (".",) and symbol[2] in FUNCTIONS
