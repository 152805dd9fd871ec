"""Gradients that are not zeroed, or at the wrong moment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import libcst as cst

from benchmarks.mutants.fault import fault, trees
from benchmarks.mutants.program import Mutant, Program
from benchmarks.mutants.tree import Tree, last_name, parsed, statement_call

_PASS = cst.SimpleStatementLine([cst.Pass()])


def drop_zero_grad(program: Program) -> Iterator[Mutant]:
    """Takes out all zeroing of one optimizer or model in one function."""
    for file, text in program.files.items():
        tree = parsed(text)
        groups: dict[tuple[int, str], list[cst.SimpleStatementLine]] = defaultdict(list)
        for statement in tree.nodes(cst.SimpleStatementLine):
            zeroed = _zeroed(tree, statement)
            if zeroed is not None:
                groups[id(tree.around(statement, cst.FunctionDef)), zeroed].append(statement)
        for statements in groups.values():
            yield Mutant(
                program=program,
                operator="drop zero_grad",
                file=file,
                line=tree.line(statements[0]),
                files={**program.files, file: tree.changed(dict.fromkeys(statements, _PASS))},
                codes=frozenset({"LOS401", "LOS414"}),
            )


def zero_between_backward_and_step(program: Program) -> Iterator[Mutant]:
    """Moves zeroing to where it undoes backward, if all stand in one block."""
    for file, text in program.files.items():
        tree = parsed(text)
        for statement in tree.nodes(cst.SimpleStatementLine):
            zeroed = _zeroed(tree, statement)
            block = tree.parent(statement)
            if zeroed is None or not isinstance(block, cst.IndentedBlock | cst.Module):
                continue
            step = _step_after_backward(tree, block.body, zeroed)
            if step is None:
                continue
            moved = cst.FlattenSentinel([statement.with_changes(leading_lines=[]), step])
            yield Mutant(
                program=program,
                operator="zero_grad between backward and step",
                file=file,
                line=tree.line(statement),
                files={
                    **program.files,
                    file: tree.changed({statement: cst.RemoveFromParent(), step: moved}),
                },
                codes=frozenset({"LOS402"}),
            )


def zero_outside_the_loop(program: Program) -> Iterator[Mutant]:
    """Zeroes once before the loop that steps."""
    for file, tree in trees(program):
        for statement in tree.nodes(cst.SimpleStatementLine):
            loop = tree.around(statement, cst.For, cst.While, cst.FunctionDef)
            if _zeroed(tree, statement) is None or not isinstance(loop, cst.For):
                continue
            if tree.parent(statement) is not loop.body or len(loop.body.body) == 1:
                continue
            if not any(last_name(call.func) == "step" for call in tree.nodes(cst.Call, loop)):
                continue
            inside = [line for line in loop.body.body if line is not statement]
            before = statement.with_changes(leading_lines=loop.leading_lines)
            rest = loop.with_changes(leading_lines=[], body=loop.body.with_changes(body=inside))
            changes = {loop: cst.FlattenSentinel([before, rest])}
            yield fault(
                program, "zero_grad outside the loop", file, statement, changes, "LOS414", "LOS401"
            )


def _zeroed(tree: Tree, statement: cst.CSTNode) -> str | None:
    """What a statement zeroes the gradients of."""
    call = statement_call(statement)
    if call is None or not isinstance(call.func, cst.Attribute):
        return None
    return tree.code(call.func.value) if call.func.attr.value == "zero_grad" else None


def _step_after_backward(
    tree: Tree, block: Sequence[cst.CSTNode], zeroed: str
) -> cst.SimpleStatementLine | None:
    """The step of what is zeroed, if its gradients are computed before it in the same block."""
    is_backward_seen = False
    for statement in block:
        call = statement_call(statement)
        if call is None:
            continue
        name = last_name(call.func)
        if name in ("backward", "manual_backward"):
            is_backward_seen = True
        elif name == "step" and is_backward_seen and isinstance(statement, cst.SimpleStatementLine):
            owner = call.func.value if isinstance(call.func, cst.Attribute) else call
            stepped = {tree.code(owner), *(tree.code(given.value) for given in call.args)}
            if zeroed in stepped or _is_model(zeroed):
                return statement
    return None


def _is_model(name: str) -> bool:
    return "optim" not in name and "opt" not in name
