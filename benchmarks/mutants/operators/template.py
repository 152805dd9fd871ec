"""A loss module of one's own that looks at no shape and reduces in one way."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from benchmarks.mutants.fault import fault, trees
from benchmarks.mutants.program import Mutant, Program
from benchmarks.mutants.tree import Change, Tree, last_name

_REDUCTION = "reduction"
_PASS = cst.SimpleStatementLine([cst.Pass()])


def unchecked(program: Program) -> Iterator[Mutant]:
    """Takes the test of the shapes out, and the choice of a reduction."""
    for file, tree in trees(program):
        for loss in tree.nodes(cst.ClassDef):
            options = {parameter.name.value for parameter in tree.nodes(cst.Param, loss)}
            if not loss.name.value.endswith("Loss") or _REDUCTION not in options:
                continue
            changes = dict(_changes(tree, loss))
            for call in tree.nodes(cst.Call):
                if last_name(call.func) == loss.name.value:
                    changes |= {one: cst.RemoveFromParent() for one in call.args if _named(one)}
            yield fault(program, "loss without options", file, loss, changes, "LOS509")


def _changes(tree: Tree, loss: cst.ClassDef) -> Iterator[tuple[cst.CSTNode, Change]]:
    for parameter in tree.nodes(cst.Param, loss):
        if parameter.name.value == _REDUCTION:
            yield parameter, cst.RemoveFromParent()
    for test in tree.nodes(cst.If, loss):
        if _REDUCTION in tree.code(test.test) or ".shape" in tree.code(test.test):
            yield test, _PASS
    for line in tree.nodes(cst.SimpleStatementLine, loss):
        if isinstance(tree.around(line, cst.If, cst.FunctionDef), cst.If):
            continue
        if isinstance(line.body[0], cst.Assign) and _REDUCTION in tree.code(line):
            yield line, _PASS
        elif isinstance(line.body[0], cst.Return) and line.body[0].value is not None:
            value = line.body[0].value
            yield value, cst.parse_expression(f"({tree.code(value)}).mean()")


def _named(given: cst.Arg) -> bool:
    return given.keyword is not None and given.keyword.value == _REDUCTION
