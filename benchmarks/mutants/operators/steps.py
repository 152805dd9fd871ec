"""Parts of a training step that are missing, cut off or never run."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from benchmarks.mutants.program import Mutant, Program
from benchmarks.mutants.tree import Change, Tree, last_name, parsed, statement_call

_PASS = cst.SimpleStatementLine([cst.Pass()])
_BACKWARDS = ("backward", "manual_backward")


def drop_backward(program: Program) -> Iterator[Mutant]:
    """Takes out all backward passes of a function."""
    yield from _without(program, _BACKWARDS, "drop backward", frozenset({"LOS403"}))


def drop_step(program: Program) -> Iterator[Mutant]:
    """Takes out all optimizer steps of a function."""
    yield from _without(program, ("step",), "drop step", frozenset({"LOS404"}))


def uncalled(program: Program) -> Iterator[Mutant]:
    """Names backward, step or zero_grad without calling it."""
    for file, tree, statement, call in _statements(program):
        if last_name(call.func) in ("backward", "zero_grad", "step") and not call.args:
            named = cst.SimpleStatementLine([cst.Expr(call.func)])
            yield _mutant(
                program, "call without parentheses", file, tree, statement, named, {"LOS416"}
            )


def forced(program: Program) -> Iterator[Mutant]:
    """Tells the loss that it has a gradient, before the backward pass."""
    for file, tree, statement, call in _statements(program):
        if last_name(call.func) == "backward" and isinstance(call.func, cst.Attribute):
            # an accelerator is given the loss that it goes backward from
            given = [one.value for one in call.args if one.keyword is None]
            loss = tree.code(given[0] if given else call.func.value)
            if loss.isidentifier():
                told = cst.parse_statement(f"{loss}.requires_grad_()\n")
                assert isinstance(told, cst.BaseStatement)
                both = cst.FlattenSentinel([told, statement.with_changes(leading_lines=[])])
                yield _mutant(program, "gradient forced", file, tree, statement, both, {"LOS417"})


def detached(program: Program) -> Iterator[Mutant]:
    """Cuts what goes into a loss off from the model."""
    for file, text in program.files.items():
        tree = parsed(text)
        for call in tree.nodes(cst.Call):
            if last_name(call.func) not in _LOSSES or not call.args:
                continue
            given = call.args[0].value
            cut = cst.parse_expression(f"({tree.code(given)}).detach()")
            yield _mutant(program, "input detached", file, tree, given, cut, {"LOS408"})


_LOSSES = ("cross_entropy", "binary_cross_entropy_with_logits", "nll_loss", "mse_loss", "l1_loss")


def _without(
    program: Program, names: tuple[str, ...], operator: str, codes: frozenset[str]
) -> Iterator[Mutant]:
    functions: dict[tuple[str, int], list[cst.SimpleStatementLine]] = {}
    for file, tree, statement, call in _statements(program):
        if last_name(call.func) in names and "sched" not in tree.code(call.func):
            around = tree.around(statement, cst.FunctionDef)
            functions.setdefault((file, id(around)), []).append(statement)
    for (file, _), statements in functions.items():
        tree = parsed(program.files[file])
        yield Mutant(
            program=program,
            operator=operator,
            file=file,
            line=tree.line(statements[0]),
            files={
                **program.files,
                file: tree.changed(dict.fromkeys(statements, _PASS)),
            },
            codes=codes,
        )


def _statements(
    program: Program,
) -> Iterator[tuple[str, Tree, cst.SimpleStatementLine, cst.Call]]:
    for file, text in program.files.items():
        tree = parsed(text)
        for statement in tree.nodes(cst.SimpleStatementLine):
            call = statement_call(statement)
            if call is not None and isinstance(call.func, cst.Attribute):
                yield file, tree, statement, call


def _mutant(
    program: Program,
    operator: str,
    file: str,
    tree: Tree,
    old: cst.CSTNode,
    new: Change,
    codes: set[str],
) -> Mutant:
    return Mutant(
        program=program,
        operator=operator,
        file=file,
        line=tree.line(old),
        files={**program.files, file: tree.changed({old: new})},
        codes=frozenset(codes),
    )
