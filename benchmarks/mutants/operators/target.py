"""Targets in a form that the loss does not need."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from benchmarks.mutants.fault import fault, trees
from benchmarks.mutants.program import Mutant, Program
from benchmarks.mutants.tree import Change, Tree, last_name, parsed

_CROSS_ENTROPY = "cross_entropy"
_MODULE = "CrossEntropyLoss"
_ARGUMENTS = 2
_BINARY = {"binary_cross_entropy_with_logits", "binary_cross_entropy"}
_ORDERED = {*_BINARY, "cross_entropy", "nll_loss"}


def one_hot(program: Program) -> Iterator[Mutant]:
    """Makes the class indices that go into a cross entropy one-hot."""
    for file, tree, call in cross_entropies(program):
        target = call.args[1].value
        encoded = cst.parse_expression(f"torch.nn.functional.one_hot({tree.code(target)})")
        changes = {target: encoded}
        yield fault(
            program, "one-hot target", file, call, changes, "LOS201", imports="import torch"
        )


def floats(program: Program) -> Iterator[Mutant]:
    """Makes the class indices that go into a cross entropy floating point, or leaves them so."""
    for file, tree, call in cross_entropies(program, "nll_loss"):
        target = call.args[1].value
        bare = _owner(target, "long")
        other = bare or cst.parse_expression(f"({tree.code(target)}).float()")
        yield fault(program, "floats as target", file, call, {target: other}, "LOS203")


def column(program: Program) -> Iterator[Mutant]:
    """Leaves the class indices that go into a cross entropy a column."""
    for file, _, call in cross_entropies(program, "nll_loss"):
        target = call.args[1].value
        bare = _owner(target, "squeeze") or _owner(target, "flatten")
        if bare is not None:
            yield fault(program, "column as target", file, call, {target: bare}, "LOS203")


def cross_entropies(program: Program, *others: str) -> Iterator[tuple[str, Tree, cst.Call]]:
    """The calls of cross entropies, by function or by the name of an object.

    Args:
        program: where to look.
        others: the names of more functions.
    """
    names = {name for _, tree in trees(program) for name in _names(tree)}
    names |= {_CROSS_ENTROPY, *others}
    for file, tree in trees(program):
        for call in tree.nodes(cst.Call):
            name = last_name(call.func)
            if name in names and len(call.args) >= _ARGUMENTS and not _is_other(tree, call, name):
                yield file, tree, call


def _owner(value: cst.BaseExpression, method: str) -> cst.BaseExpression | None:
    """What a method is called on."""
    if isinstance(value, cst.Call) and isinstance(value.func, cst.Attribute):
        return value.func.value if value.func.attr.value == method else None
    return None


def integers(program: Program) -> Iterator[Mutant]:
    """Makes the targets of a binary loss integers."""
    for file, text in program.files.items():
        tree = parsed(text)
        for call in tree.nodes(cst.Call):
            if last_name(call.func) not in _BINARY or len(call.args) < _ARGUMENTS:
                continue
            if call.args[1].keyword is not None:
                continue
            target = call.args[1].value
            cast = cst.parse_expression(f"({tree.code(target)}).long()")
            yield Mutant(
                program=program,
                operator="integers as target",
                file=file,
                line=tree.line(call),
                files={**program.files, file: tree.changed({target: cast})},
                codes=frozenset({"LOS202"}),
            )


def swapped(program: Program) -> Iterator[Mutant]:
    """Gives a loss the target first."""
    for file, text in program.files.items():
        tree = parsed(text)
        for call in tree.nodes(cst.Call):
            if last_name(call.func) not in _ORDERED or len(call.args) < _ARGUMENTS:
                continue
            given, target = call.args[0], call.args[1]
            if given.keyword is not None or target.keyword is not None:
                continue
            changes: dict[cst.CSTNode, Change] = {
                given.value: target.value,
                target.value: given.value,
            }
            yield Mutant(
                program=program,
                operator="arguments swapped",
                file=file,
                line=tree.line(call),
                files={**program.files, file: tree.changed(changes)},
                codes=frozenset({"LOS205"}),
            )


def _is_other(tree: Tree, call: cst.Call, name: str) -> bool:
    """Whether the function of a call gives the name to another loss."""
    scope = tree.around(call, cst.FunctionDef)
    return any(
        last_name(target.target) == name
        and isinstance(assign.value, cst.Call)
        and last_name(assign.value.func) != _MODULE
        and tree.around(assign, cst.FunctionDef) is scope
        for assign in tree.nodes(cst.Assign, scope)
        for target in assign.targets
    )


def _names(tree: Tree) -> Iterator[str]:
    """What cross entropies are called: variables, attributes, arguments."""
    for made in tree.nodes(cst.Call):
        if last_name(made.func) != _MODULE:
            continue
        holder = tree.parent(made)
        if isinstance(holder, cst.Assign):
            yield from (last_name(target.target) for target in holder.targets)
        elif isinstance(holder, cst.Arg):
            yield holder.keyword.value if holder.keyword is not None else "criterion"
