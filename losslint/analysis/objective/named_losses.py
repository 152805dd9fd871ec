"""Losses that a program computes by hand, known by the names that it gives them."""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.domain.values import Tensor, Union, Value, alternatives_of
from losslint.analysis.training.trace import LossMade

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter

LOSS_NAMED = re.compile(r"(^|_|\.)(loss|cost|objective)(es)?(_|\d|$)", re.IGNORECASE)
"""A variable or attribute, as the code has it, that holds a loss."""


def assigned(
    run: Interpreter,
    statement: cst.Assign | cst.AnnAssign,
    target: cst.BaseExpression,
    value: Value,
) -> None:
    """Notes that a variable is given a loss that depends on what is trained."""
    if run.no_grad or not isinstance(value, Tensor | Union) or not isinstance(target, cst.Name):
        return
    if LOSS_NAMED.search(target.value) is None:
        return
    deps: frozenset[Hashable] = frozenset()
    for one in alternatives_of(value):
        if isinstance(one.value, Tensor) and one.value.grad:
            deps |= one.value.deps
    if deps and statement.value is not None:
        run.act(LossMade(run.place(statement.value), deps))
