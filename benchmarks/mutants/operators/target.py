"""Targets in a form that the loss does not need."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from benchmarks.mutants.program import Mutant, Program
from benchmarks.mutants.tree import Tree, importing, last_name, parsed

_CROSS_ENTROPY = "cross_entropy"
_MODULE = "CrossEntropyLoss"
_ARGUMENTS = 2


def one_hot(program: Program) -> Iterator[Mutant]:
    """Makes the class indices that go into a cross entropy one-hot."""
    trees = {file: parsed(text) for file, text in program.files.items()}
    names = {name for tree in trees.values() for name in _names(tree)} | {_CROSS_ENTROPY}
    for file, tree in trees.items():
        for call in tree.nodes(cst.Call):
            name = last_name(call.func)
            if name not in names or len(call.args) < _ARGUMENTS or _is_other(tree, call, name):
                continue
            target = call.args[1].value
            encoded = cst.parse_expression(f"torch.nn.functional.one_hot({tree.code(target)})")
            text = importing(tree.changed({target: encoded}), "import torch")
            yield Mutant(
                program=program,
                operator="one-hot target",
                file=file,
                line=tree.line(call),
                files={**program.files, file: text},
                codes=frozenset({"LOS201"}),
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
