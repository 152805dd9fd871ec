"""Gradients of several batches that are added up as they are."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from benchmarks.mutants.fault import fault, trees
from benchmarks.mutants.program import Mutant, Program


def undivided(program: Program) -> Iterator[Mutant]:
    """Does not divide the loss by the number of batches between two steps."""
    for file, tree in trees(program):
        for quotient in tree.nodes(cst.BinaryOperation):
            if not isinstance(quotient.operator, cst.Divide):
                continue
            batches = tree.code(quotient.right)
            around = tree.around(quotient, cst.FunctionDef)
            if any(
                isinstance(rest.operator, cst.Modulo) and tree.code(rest.right) == batches
                for rest in tree.nodes(cst.BinaryOperation, around)
            ):
                changes = {quotient: quotient.left}
                yield fault(
                    program, "accumulated loss not divided", file, quotient, changes, "LOS411"
                )
