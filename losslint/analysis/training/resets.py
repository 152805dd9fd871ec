"""Totals that a loop sets back, or cuts from their graph: they hold a few rounds at most."""

from __future__ import annotations

import libcst as cst

from losslint.analysis.reading.nodes import walk
from losslint.analysis.reading.spelling import dotted


def starts_anew(loop: cst.CSTNode, total: str) -> bool:
    """Whether a loop sets a total back in every round, or in those in which it steps.

    So does one that takes the number of the total out of its graph now and then.
    """
    body = loop.body if isinstance(loop, cst.For | cst.While) else None
    if any(_cuts(one, total) for one in walk(loop) if isinstance(one, cst.Assign)):
        return True
    return any(
        (block is body or "step" in _called(block))
        and any(_sets_back(one, total) for one in block.body)
        for block in walk(loop)
        if isinstance(block, cst.IndentedBlock)
    )


def _cuts(statement: cst.Assign, total: str) -> bool:
    """Whether a total is assigned its own number: ``total = total.item()``."""
    return any(dotted(one.target) == total for one in statement.targets) and any(
        isinstance(one, cst.Call)
        and isinstance(one.func, cst.Attribute)
        and one.func.attr.value in ("item", "detach")
        and dotted(one.func.value) == total
        for one in walk(statement.value)
    )


def _called(block: cst.IndentedBlock) -> set[str]:
    """The names of the methods that the statements of a block call themselves."""
    return {
        one.func.attr.value
        for line in block.body
        if isinstance(line, cst.SimpleStatementLine)
        for one in walk(line)
        if isinstance(one, cst.Call) and isinstance(one.func, cst.Attribute)
    }


def _sets_back(line: cst.BaseStatement, total: str) -> bool:
    """Whether a statement gives a total the value from which it starts."""
    return isinstance(line, cst.SimpleStatementLine) and any(
        isinstance(one, cst.Assign)
        and any(dotted(part.target) == total for part in one.targets)
        and is_empty(one.value)
        for one in line.body
    )


def is_empty(value: cst.BaseExpression) -> bool:
    """Whether an expression is what a total starts from: zero, an empty list, ``torch.zeros``."""
    if isinstance(value, cst.List | cst.Tuple):
        return not value.elements
    if isinstance(value, cst.Call):
        made = dotted(value.func).rpartition(".")[2]
        return made in ("zeros", "zeros_like") or (
            made == "tensor" and len(value.args) > 0 and is_empty(value.args[0].value)
        )
    return isinstance(value, cst.Integer | cst.Float) and value.evaluated_value == 0
