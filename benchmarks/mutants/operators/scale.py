"""Targets of a regression that are not brought to the size of what a network gives."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from benchmarks.mutants.fault import fault, trees
from benchmarks.mutants.program import Mutant, Program
from benchmarks.mutants.tree import Tree

_REGRESSION = re.compile(r"mse_loss|l1_loss|huber_loss|MSELoss|L1Loss|HuberLoss")
_CENTRE = re.compile(r"mean|centre|center|offset", re.IGNORECASE)
_SPREAD = re.compile(r"std|spread|scale|deviation|sigma", re.IGNORECASE)


def is_regression(program: Program) -> bool:
    """Whether a program has a loss of torch for regressions."""
    return any(_REGRESSION.search(text) for text in program.files.values())


def unnormalised(program: Program) -> Iterator[Mutant]:
    """Takes what was normalised as it was."""
    if not is_regression(program):
        return
    for file, tree in trees(program):
        for quotient in tree.nodes(cst.BinaryOperation):
            raw = _normalised(tree, quotient)
            if raw is not None:
                changes = {quotient: raw}
                yield fault(program, "drop the normalisation", file, quotient, changes, "LOS207")


def _normalised(tree: Tree, quotient: cst.BinaryOperation) -> cst.BaseExpression | None:
    """``y`` of ``(y - mean) / std``."""
    difference = quotient.left
    if not isinstance(quotient.operator, cst.Divide) or not _SPREAD.search(
        tree.code(quotient.right)
    ):
        return None
    if not isinstance(difference, cst.BinaryOperation):
        return None
    if isinstance(difference.operator, cst.Subtract) and _CENTRE.search(
        tree.code(difference.right)
    ):
        return difference.left
    return None
