"""Which assignment gave a name the value that is read somewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst

from losslint.rewriting.tree import Tree


@dataclass(frozen=True, slots=True)
class Binding:
    """A plain assignment to a name."""

    target: cst.Name
    value: cst.BaseExpression


def version_of(
    tree: Tree, use: cst.Name, bindings: Sequence[Binding], loads: Sequence[cst.Name]
) -> tuple[Binding, tuple[cst.Name, ...]] | None:
    """The assignment behind a use of a name, and everything that reads what it gave.

    Several assignments can be told apart where they follow each other in one block and all that
    reads the name stands in that block, behind the first of them: then each is read up to the next.

    Args:
        tree: the file.
        use: one of the targets or loads.
        bindings: all assignments to the name in its scope.
        loads: everything that reads it, in the order of the text.
    """
    if len(bindings) == 1:
        return bindings[0], tuple(loads)
    blocks = {_block(tree, binding.target) for binding in bindings}
    block = blocks.pop() if len(blocks) == 1 else None
    if block is None:
        return None
    versions: list[list[cst.Name]] = [[] for _ in bindings]
    wanted = next((i for i, binding in enumerate(bindings) if binding.target is use), None)
    for load in loads:
        index = _latest(tree, load, bindings)
        inside = any(up is block for up in tree.ancestors(load))
        if index is None or not inside or tree.function(load) is not tree.function(use):
            return None
        versions[index].append(load)
        if load is use:
            wanted = index
    return None if wanted is None else (bindings[wanted], tuple(versions[wanted]))


def _block(tree: Tree, target: cst.Name) -> cst.CSTNode | None:
    """The block in which an assignment is a statement."""
    for up in tree.ancestors(target):
        if isinstance(up, cst.SimpleStatementLine):
            return tree.parent(up)
        if isinstance(up, cst.BaseCompoundStatement):
            return None
    return None


def _latest(tree: Tree, load: cst.Name, bindings: Sequence[Binding]) -> int | None:
    """The last assignment before something that reads the name; its own value reads the one before.

    None where there is none before: then the last round of a loop may have given the value.
    """
    around = set(tree.ancestors(load))
    before = [
        index
        for index, binding in enumerate(bindings)
        if tree.position(binding.target) < tree.position(load)
        and not any(
            up in around and isinstance(up, cst.Assign) for up in tree.ancestors(binding.target)
        )
    ]
    return before[-1] if before else None
