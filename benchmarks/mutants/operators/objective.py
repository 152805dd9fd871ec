"""Objectives that lost a term, or of which only the total is looked at."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import libcst as cst

from benchmarks.mutants.fault import fault, trees
from benchmarks.mutants.program import Mutant, Program
from benchmarks.mutants.tree import Change, Tree, last_name

_TOTAL = re.compile(r"total|running|epoch|sum", re.IGNORECASE)
_LOSS = re.compile(r"loss|objective|energy|elbo|criterion", re.IGNORECASE)
_REPORTS = {"print", "log", "log_dict", "add_scalar", "info", "set_postfix", "write"}


def overwritten(program: Program) -> Iterator[Mutant]:
    """Sets the loss to a term that was added to it."""
    for file, tree in trees(program):
        for added in tree.nodes(cst.AugAssign):
            name = last_name(added.target)
            if not isinstance(added.operator, cst.AddAssign) or not _is_loss(name):
                continue
            if tree.code(added.value).endswith(".item()"):
                continue
            assigned = cst.Assign([cst.AssignTarget(added.target)], added.value)
            yield fault(program, "term overwritten", file, added, {added: assigned}, "LOS511")
        for assign in tree.nodes(cst.Assign):
            name, total = last_name(assign.targets[0].target), assign.value
            if isinstance(total, cst.BinaryOperation) and isinstance(total.operator, cst.Add):
                if _is_loss(name) and last_name(total.left) == name:
                    changes = {total: total.right}
                    yield fault(program, "term overwritten", file, assign, changes, "LOS511")


def left_out(program: Program) -> Iterator[Mutant]:
    """Computes a term and does not add it."""
    for file, tree in trees(program):
        for total in tree.nodes(cst.BinaryOperation):
            if not isinstance(total.operator, cst.Add):
                continue
            around = tree.around(total, cst.FunctionDef)
            for term, rest in ((total.right, total.left), (total.left, total.right)):
                names = [n for n in tree.nodes(cst.Name, term) if _is_loss(n.value)]
                if len(names) == 1 and _is_read_once(tree, names[0], around):
                    changes = {total: rest}
                    yield fault(program, "term left out", file, total, changes, "LOS511")


def unregularised(program: Program) -> Iterator[Mutant]:
    """Lets learned weights vanish that terms of their own kept up."""
    for file, tree in trees(program):
        for function in tree.nodes(cst.FunctionDef):
            exponents = _exponents(tree, function)
            changes = {
                total: total.left
                for total in tree.nodes(cst.BinaryOperation, function)
                if isinstance(total.operator, cst.Add) and tree.code(total.right) in exponents
            }
            if changes:
                first = next(iter(changes))
                yield fault(program, "learned weights alone", file, first, changes, "LOS502")


def total_alone(program: Program) -> Iterator[Mutant]:
    """Reports the sum wherever one of its terms was reported."""
    for file, tree in trees(program):
        for assign in tree.nodes(cst.Assign):
            total, value = assign.targets[0].target, assign.value
            if not isinstance(total, cst.Name) or not isinstance(value, cst.BinaryOperation):
                continue
            if not isinstance(value.operator, cst.Add):
                continue
            terms = {name.value for name in tree.nodes(cst.Name, value) if _is_loss(name.value)}
            changes: dict[cst.CSTNode, Change] = {
                name: cst.Name(total.value)
                for call in tree.nodes(cst.Call, tree.around(assign, cst.FunctionDef))
                if last_name(call.func) in _REPORTS
                for name in tree.nodes(cst.Name, call)
                if name.value in terms
            }
            if changes:
                yield fault(program, "only the total reported", file, assign, changes, "LOS505")


def _is_loss(name: str) -> bool:
    return bool(_LOSS.search(name)) and not _TOTAL.search(name)


def _is_read_once(tree: Tree, name: cst.Name, around: cst.CSTNode) -> bool:
    """Whether a variable of a function gets a value in it and is read at one place only."""
    if not isinstance(around, cst.FunctionDef) or isinstance(tree.parent(name), cst.Attribute):
        return False
    uses = Counter(other.value for other in tree.nodes(cst.Name, around))
    assigned = [
        target.target
        for assign in tree.nodes(cst.Assign, around)
        for target in assign.targets
        if last_name(target.target) == name.value
    ]
    return len(assigned) == 1 and uses[name.value] == 1 + len(assigned)


def _exponents(tree: Tree, around: cst.CSTNode) -> set[str]:
    """``s`` of each ``exp(-s)``."""
    return {
        tree.code(given.expression)
        for call in tree.nodes(cst.Call, around)
        if last_name(call.func) == "exp"
        for given in (call.args[0].value if call.args else _owner(call),)
        if isinstance(given, cst.UnaryOperation) and isinstance(given.operator, cst.Minus)
    }


def _owner(call: cst.Call) -> cst.BaseExpression | None:
    return call.func.value if isinstance(call.func, cst.Attribute) else None
