"""Exponentials of scores from which the largest was subtracted, without that."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from benchmarks.mutants.fault import fault, trees
from benchmarks.mutants.program import Mutant, Program
from benchmarks.mutants.tree import Tree, last_name

_LARGEST = re.compile(r"\b(a|c)?max\b|scatter_max|maxim|largest|highest|peak", re.IGNORECASE)


def unbounded(program: Program) -> Iterator[Mutant]:
    """Leaves the largest score in."""
    for file, tree in trees(program):
        for difference in tree.nodes(cst.BinaryOperation):
            if not isinstance(difference.operator, cst.Subtract):
                continue
            around = tree.around(difference, cst.FunctionDef)
            if _is_raised(tree, difference, around) and _is_largest(tree, difference.right, around):
                yield fault(
                    program,
                    "largest score not subtracted",
                    file,
                    difference,
                    {difference: difference.left},
                    "LOS304",
                    "LOS305",
                    "LOS306",
                )


def _is_raised(tree: Tree, difference: cst.BinaryOperation, around: cst.CSTNode) -> bool:
    """Whether an exponential is taken of a difference, or of the variable that it is given to."""
    outer = tree.parent(difference)
    names = {
        last_name(target.target)
        for target in (outer.targets if isinstance(outer, cst.Assign) else ())
    }
    for call in tree.nodes(cst.Call, around):
        if last_name(call.func) == "exp":
            raised = call.args[0].value if call.args else _owner(call)
            if raised is difference or last_name(raised) in names - {""}:
                return True
    return False


def _owner(call: cst.Call) -> cst.BaseExpression:
    return call.func.value if isinstance(call.func, cst.Attribute) else call


def _is_largest(tree: Tree, value: cst.BaseExpression, around: cst.CSTNode) -> bool:
    """Whether a value is a maximum, by its text or that of what a variable was set to."""
    if _LARGEST.search(tree.code(value)):
        return True
    return isinstance(value, cst.Name) and any(
        last_name(target.target) == value.value and _LARGEST.search(tree.code(assign.value))
        for assign in tree.nodes(cst.Assign, around)
        for target in assign.targets
    )
