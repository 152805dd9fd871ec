"""Arguments that are given on purpose: nothing is known of them but that they are something."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

import libcst as cst

from losslint.analysis.domain.conditions import OBJECT, is_result
from losslint.analysis.domain.values import Unknown, Value
from losslint.analysis.reading.nodes import walk


def given(node: cst.FunctionDef | cst.Lambda, bound: Mapping[str, Value]) -> dict[str, Value]:
    """The arguments of a call, those that are not None marked as such.

    A function may ask whether an argument that everybody has to pass is None. That is for those
    who write None there, and not for those who pass what they have made. An option may be None.
    """
    found = dict(bound)
    for name in _asked_for_none(node):
        value = found.get(name)
        if isinstance(value, Unknown) and _is_made(value):
            found[name] = replace(value, key=("argument", id(node), name, OBJECT))
    return found


_MODEL = re.compile(r"(^|_)(model|module|net|network)$")


def _is_made(value: Unknown) -> bool:
    """Whether a value is no option: a result, or the model that belongs to one."""
    key = value.key
    if isinstance(key, tuple) and len(key) == 3 and key[1] == "." and _MODEL.search(str(key[2])):
        return is_result(Unknown(key[0]))
    return key is None or is_result(value)


@lru_cache(maxsize=4_096)
def _asked_for_none(node: cst.FunctionDef | cst.Lambda) -> tuple[str, ...]:
    """The parameters without a default of which a function asks whether they are None."""
    params = (*node.params.posonly_params, *node.params.params, *node.params.kwonly_params)
    needed = {one.name.value for one in params if one.default is None}
    return tuple(
        {
            test.left.value: None
            for test in walk(node.body)
            if isinstance(test, cst.Comparison)
            and isinstance(test.left, cst.Name)
            and test.left.value in needed
            and isinstance(test.comparisons[0].operator, cst.Is | cst.IsNot)
            and isinstance(test.comparisons[0].comparator, cst.Name)
            and test.comparisons[0].comparator.value == "None"
        }
    )
