"""A softmax written by hand, or over a dimension that nobody named."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from benchmarks.mutants.program import Mutant, Program
from benchmarks.mutants.tree import Tree, importing, last_name, parsed


def without_dim(program: Program) -> Iterator[Mutant]:
    """Leaves the dimension of a softmax to torch."""
    for file, tree, call in _calls(program, {"softmax", "log_softmax"}):
        if tree.code(call.func).startswith("torch."):
            continue  # raises without one
        kept = [given for given in call.args if given.keyword is None]
        if len(kept) == 1 and len(call.args) > 1:
            code = f"{tree.code(call.func)}({tree.code(kept[0].value)})"
            yield _mutant(program, "softmax without dim", file, tree, call, code, "LOS113")


def logarithm_by_hand(program: Program) -> Iterator[Mutant]:
    """Takes the logarithm of a softmax or sigmoid in two steps."""
    for file, tree, call in _calls(program, {"log_softmax", "logsigmoid"}):
        inner = "softmax" if last_name(call.func) == "log_softmax" else "sigmoid"
        given = ", ".join(tree.code(arg).rstrip(", \n") for arg in call.args)
        code = f"torch.log(torch.{inner}({given}))"
        yield _mutant(program, "logarithm by hand", file, tree, call, code, "LOS306")


def _calls(program: Program, names: set[str]) -> Iterator[tuple[str, Tree, cst.Call]]:
    for file, text in program.files.items():
        tree = parsed(text)
        for call in tree.nodes(cst.Call):
            if last_name(call.func) in names and call.args:
                yield file, tree, call


def _mutant(
    program: Program, operator: str, file: str, tree: Tree, call: cst.Call, code: str, rule: str
) -> Mutant:
    text = tree.changed({call: cst.parse_expression(code)})
    return Mutant(
        program=program,
        operator=operator,
        file=file,
        line=tree.line(call),
        files={**program.files, file: importing(text, "import torch")},
        codes=frozenset({rule}),
    )
