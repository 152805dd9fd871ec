"""Gradients that are clipped too late, or of the wrong thing, or while they are scaled."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from benchmarks.mutants.fault import fault, trees
from benchmarks.mutants.program import Mutant, Program
from benchmarks.mutants.tree import Change, Tree, last_name, parsed, statement_call

_CLIPS = ("clip_grad_norm_", "clip_grad_value_")
_BACKWARDS = ("backward", "manual_backward")
_RECURRENT = re.compile(r"\b(LSTM|GRU|RNN)(Cell)?\(")
_PASS = cst.SimpleStatementLine([cst.Pass()])


def of_the_loss(program: Program) -> Iterator[Mutant]:
    """Clips the gradient of the loss, which has none."""
    for file, tree, statement, call in _clips(program):
        loss = _loss(tree, statement)
        if loss is not None and call.args:
            changed = tree.changed({call.args[0].value: cst.parse_expression(loss)})
            yield _mutant(program, "clip the loss", file, tree, statement, changed, "LOS412")


def after_the_step(program: Program) -> Iterator[Mutant]:
    """Clips what was used already."""
    for file, tree, statement, _ in _clips(program):
        block = tree.parent(statement)
        if not isinstance(block, cst.IndentedBlock | cst.Module):
            continue
        behind = block.body[list(block.body).index(statement) + 1 :]
        step = next((line for line in behind if _calls(line) == "step"), None)
        if isinstance(step, cst.SimpleStatementLine):
            both = cst.FlattenSentinel([step, statement.with_changes(leading_lines=[])])
            changed = tree.changed({statement: cst.RemoveFromParent(), step: both})
            yield _mutant(program, "clip after the step", file, tree, statement, changed, "LOS407")


def before_backward(program: Program) -> Iterator[Mutant]:
    """Clips what is not there yet."""
    for file, tree, statement, _ in _clips(program):
        block = tree.parent(statement)
        if not isinstance(block, cst.IndentedBlock | cst.Module):
            continue
        before = block.body[: list(block.body).index(statement)]
        backward = next((line for line in before if _calls(line) in _BACKWARDS), None)
        if isinstance(backward, cst.SimpleStatementLine):
            both = cst.FlattenSentinel([statement.with_changes(leading_lines=[]), backward])
            changes: dict[cst.CSTNode, Change] = {
                statement: cst.RemoveFromParent(),
                backward: both,
            }
            yield fault(program, "clip before backward", file, statement, changes, "LOS407")


def dropped(program: Program) -> Iterator[Mutant]:
    """Does not clip the gradients of a recurrent network."""
    if not any(_RECURRENT.search(text) for text in program.files.values()):
        return
    for file, _, statement, _ in _clips(program):
        yield fault(program, "drop the clipping", file, statement, {statement: _PASS}, "LOS410")


def while_scaled(program: Program) -> Iterator[Mutant]:
    """Clips gradients that a scaler still multiplies."""
    for file, text in program.files.items():
        tree = parsed(text)
        for statement in tree.nodes(cst.SimpleStatementLine):
            if _calls(statement) == "unscale_":
                changed = tree.changed({statement: _PASS})
                yield _mutant(program, "drop unscale_", file, tree, statement, changed, "LOS406")


def never_updated(program: Program) -> Iterator[Mutant]:
    """Takes out the update of the scaler."""
    for file, tree in trees(program):
        for statement in tree.nodes(cst.SimpleStatementLine):
            call = statement_call(statement)
            if call is not None and _calls(statement) == "update" and not call.args:
                if "scaler" in tree.code(call.func):
                    changes = {statement: _PASS}
                    yield fault(program, "drop update", file, statement, changes, "LOS415")


def step_without_scaler(program: Program) -> Iterator[Mutant]:
    """Steps an optimizer with gradients that are still scaled."""
    for file, text in program.files.items():
        tree = parsed(text)
        for statement in tree.nodes(cst.SimpleStatementLine):
            call = statement_call(statement)
            if call is None or _calls(statement) != "step" or len(call.args) != 1:
                continue
            if "scaler" in tree.code(call.func):
                code = f"{tree.code(call.args[0].value)}.step()"
                changed = tree.changed({call: cst.parse_expression(code)})
                yield _mutant(
                    program, "step without the scaler", file, tree, statement, changed, "LOS415"
                )


def _clips(
    program: Program,
) -> Iterator[tuple[str, Tree, cst.SimpleStatementLine, cst.Call]]:
    for file, text in program.files.items():
        tree = parsed(text)
        for statement in tree.nodes(cst.SimpleStatementLine):
            call = statement_call(statement)
            if call is not None and last_name(call.func) in _CLIPS:
                yield file, tree, statement, call


def _calls(statement: cst.CSTNode) -> str:
    call = statement_call(statement)
    return last_name(call.func) if call is not None else ""


def _loss(tree: Tree, statement: cst.CSTNode) -> str | None:
    """What backward was called on in the function around."""
    function = tree.around(statement, cst.FunctionDef)
    for call in tree.nodes(cst.Call, function):
        if last_name(call.func) == "backward" and isinstance(call.func, cst.Attribute):
            owner = call.func.value
            if isinstance(owner, cst.Call) and owner.args:
                owner = owner.args[0].value
            return tree.code(owner) if isinstance(owner, cst.Name) else None
    return None


def _mutant(
    program: Program,
    operator: str,
    file: str,
    tree: Tree,
    statement: cst.CSTNode,
    text: str,
    code: str,
) -> Mutant:
    return Mutant(
        program=program,
        operator=operator,
        file=file,
        line=tree.line(statement),
        files={**program.files, file: text},
        codes=frozenset({code}),
    )
