"""Weights of several losses, left out."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from benchmarks.mutants.program import Mutant, Program
from benchmarks.mutants.tree import Change, Tree, last_name, parsed

_WEIGHT = re.compile(r"weight|lambda|alpha|beta|gamma|balance|coef", re.IGNORECASE)


def drop(program: Program) -> Iterator[Mutant]:
    """Adds losses of different kinds as they are."""
    for place in program.weighted_sums:
        file, _, name = place.partition("::")
        tree = parsed(program.files[file])
        weighted: dict[cst.CSTNode, Change] = {
            product: term
            for product in tree.nodes(cst.BinaryOperation, tree.function(name))
            if (term := _term(tree, product)) is not None
        }
        yield Mutant(
            program=program,
            operator="drop the weights of losses",
            file=file,
            line=tree.line(next(iter(weighted))),
            files={**program.files, file: tree.changed(weighted)},
            codes=frozenset({"LOS501"}),
        )


def _term(tree: Tree, product: cst.BinaryOperation) -> cst.BaseExpression | None:
    """What is weighted, if the product weighs something within a sum."""
    around = tree.parent(product)
    is_summand = isinstance(around, cst.BinaryOperation) and isinstance(around.operator, cst.Add)
    if not isinstance(product.operator, cst.Multiply) or not is_summand:
        return None
    for factor, term in ((product.left, product.right), (product.right, product.left)):
        if isinstance(factor, cst.Float | cst.Integer) or _WEIGHT.search(_named(factor)):
            return term
    return None


def _named(factor: cst.BaseExpression) -> str:
    while isinstance(factor, cst.Subscript):
        factor = factor.value
    return last_name(factor)
