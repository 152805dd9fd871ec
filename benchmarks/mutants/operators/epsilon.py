"""A small number beside a one that rounding takes away."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from benchmarks.mutants.fault import fault, trees
from benchmarks.mutants.program import Mutant, Program
from benchmarks.mutants.tree import Change, Tree, last_name

_SMALL = 1e-3
_ONE = {"1", "1.0"}
_TINY = cst.Float("1e-9")
_UNGUARDED = ("LOS302", "LOS306", "LOS309", "LOS310")
"""Rules about what such a number guards: an absorbed guard is none."""
_NAME = re.compile(r"eps|margin|tiny|small|inside", re.IGNORECASE)


def absorbed(program: Program) -> Iterator[Mutant]:
    """Makes what is taken from one too small for float32."""
    for file, tree in trees(program):
        for difference in tree.nodes(cst.BinaryOperation):
            if not isinstance(difference.operator, cst.Subtract):
                continue
            if tree.code(difference.left) not in _ONE:
                continue
            changes: dict[cst.CSTNode, Change] = dict.fromkeys(_numbers(tree, difference), _TINY)
            if changes:
                yield fault(
                    program, "epsilon too small", file, difference, changes, "LOS307", *_UNGUARDED
                )


def _numbers(tree: Tree, difference: cst.BinaryOperation) -> Iterator[cst.Float]:
    """Where the small number is written that is taken from one."""
    given = difference.right
    if isinstance(given, cst.Float):
        if float(given.value) <= _SMALL:
            yield given
        return
    name = last_name(given)
    if not _NAME.search(name):
        return
    for parameter in tree.nodes(cst.Param):
        default = parameter.default
        if parameter.name.value == name and isinstance(default, cst.Float):
            if float(default.value) <= _SMALL:
                yield default
    for assign in tree.nodes(cst.Assign):
        if last_name(assign.targets[0].target) == name and isinstance(assign.value, cst.Float):
            if float(assign.value.value) <= _SMALL:
                yield assign.value
