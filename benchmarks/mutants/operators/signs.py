"""Labels of 0 and 1 for a loss that wants signs."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from benchmarks.mutants.fault import fault, trees
from benchmarks.mutants.program import Mutant, Program
from benchmarks.mutants.tree import Tree

_SIGNED = re.compile(
    r"cosine_embedding_loss|CosineEmbeddingLoss|soft_margin_loss|SoftMarginLoss|"
    r"margin_ranking_loss|MarginRankingLoss|hinge_embedding_loss|HingeEmbeddingLoss"
)
_TWO = {"2", "2.0"}
_ONE = {"1", "1.0"}


def unsigned(program: Program) -> Iterator[Mutant]:
    """Leaves labels as they are where they were mapped to -1 and +1."""
    if not any(_SIGNED.search(text) for text in program.files.values()):
        return
    for file, tree in trees(program):
        for difference in tree.nodes(cst.BinaryOperation):
            labels = _mapped(tree, difference)
            if labels is not None:
                changes = {difference: labels}
                yield fault(program, "labels of 0 and 1", file, difference, changes, "LOS208")


def _mapped(tree: Tree, difference: cst.BinaryOperation) -> cst.BaseExpression | None:
    """``labels`` of ``2 * labels - 1``."""
    product = difference.left
    if not isinstance(difference.operator, cst.Subtract):
        return None
    if tree.code(difference.right) not in _ONE or not isinstance(product, cst.BinaryOperation):
        return None
    for factor, labels in ((product.left, product.right), (product.right, product.left)):
        if isinstance(product.operator, cst.Multiply) and tree.code(factor) in _TWO:
            return labels
    return None
