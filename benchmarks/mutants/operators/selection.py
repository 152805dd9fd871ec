"""Averages and quotients over elements that may be none, without the care that was taken."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from benchmarks.mutants.fault import fault, trees
from benchmarks.mutants.operators.guard import without_guard
from benchmarks.mutants.program import Mutant, Program
from benchmarks.mutants.tree import Tree, last_name


def mean(program: Program) -> Iterator[Mutant]:
    """Takes the mean of what a mask selects in place of a guarded quotient of sums."""
    for file, tree in trees(program):
        for quotient, count in _guarded_quotients(tree):
            mask, product = _summed(count), _summed(quotient.left)
            if mask is None or not isinstance(product, cst.BinaryOperation):
                continue
            if not isinstance(product.operator, cst.Multiply):
                continue
            for factor, values in ((product.right, product.left), (product.left, product.right)):
                if tree.code(factor) == tree.code(mask):
                    code = f"({tree.code(values)})[{tree.code(mask)} > 0].mean()"
                    changes = {quotient: cst.parse_expression(code)}
                    yield fault(program, "mean of a selection", file, quotient, changes, "LOS311")
                    break


def where(program: Program) -> Iterator[Mutant]:
    """Replaces the result of a division by zero, in place of the divisor."""
    for file, tree in trees(program):
        for quotient, divisor in _guarded_quotients(tree):
            above, below = tree.code(quotient.left), tree.code(divisor)
            code = f"torch.where({below} > 0, {above} / {below}, 0.0)"
            changes = {quotient: cst.parse_expression(code)}
            yield fault(
                program,
                "quotient in where",
                file,
                quotient,
                changes,
                "LOS312",
                "LOS301",
                imports="import torch",
            )


def _guarded_quotients(
    tree: Tree,
) -> Iterator[tuple[cst.BinaryOperation, cst.BaseExpression]]:
    """Quotients of tensors with a guard in the divisor, and the divisors without it."""
    for quotient in tree.nodes(cst.BinaryOperation):
        guarded = quotient.right
        if not isinstance(quotient.operator, cst.Divide):
            continue
        if isinstance(guarded, cst.Call) and isinstance(guarded.func, cst.Name):
            continue  # max(n, 1) of two numbers
        bare = without_guard(tree, guarded)
        if bare is not None:
            yield quotient, bare


def _summed(total: cst.BaseExpression) -> cst.BaseExpression | None:
    """What is summed over all elements."""
    if isinstance(total, cst.Call) and isinstance(total.func, cst.Attribute) and not total.args:
        if last_name(total.func) == "sum":
            return total.func.value
    return None
