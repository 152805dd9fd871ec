"""One stable function of torch written as several that are not."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from benchmarks.mutants.program import Mutant, Program
from benchmarks.mutants.tree import Tree, importing, last_name, parsed

_BCE = "binary_cross_entropy_with_logits"
_ARGUMENTS = 2


def sigmoid_first(program: Program) -> Iterator[Mutant]:
    """Gives a binary cross entropy the sigmoid of the logits."""
    for file, tree, call in _calls(program, _BCE):
        function = tree.code(call.func).removesuffix("_with_logits")
        rest = ", ".join(tree.code(given).rstrip(", \n") for given in call.args[1:])
        code = f"{function}(torch.sigmoid({tree.code(call.args[0].value)}), {rest})"
        yield _mutant(program, "sigmoid before BCE", file, tree, call, code, {"LOS101"})


def formula(program: Program) -> Iterator[Mutant]:
    """Writes a binary cross entropy as its formula."""
    for file, tree, call in _calls(program, _BCE):
        if len(call.args) != _ARGUMENTS or any(given.keyword for given in call.args):
            continue
        logits, target = (f"({tree.code(given.value)})" for given in call.args)
        yes, no = f"torch.log(torch.sigmoid({logits}))", f"torch.log(1 - torch.sigmoid({logits}))"
        code = f"-({target} * {yes} + (1 - {target}) * {no}).mean()"
        wanted = {"LOS306", "LOS309"}
        yield _mutant(program, "BCE by its formula", file, tree, call, code, wanted)


def quotient(program: Program) -> Iterator[Mutant]:
    """Writes a softmax that a loss takes as exponentials over their sum."""
    for file, tree, call in _calls(program, "log_softmax"):
        if len(call.args) != _ARGUMENTS:
            continue
        scores, dim = (tree.code(given.value) for given in call.args)
        powers = f"torch.exp({scores})"
        code = f"torch.log({powers} / {powers}.sum({dim}, keepdim=True))"
        wanted = {"LOS305", "LOS306"}
        yield _mutant(program, "softmax as a quotient", file, tree, call, code, wanted)


def _calls(program: Program, name: str) -> Iterator[tuple[str, Tree, cst.Call]]:
    for file, text in program.files.items():
        tree = parsed(text)
        for call in tree.nodes(cst.Call):
            if last_name(call.func) == name and len(call.args) >= _ARGUMENTS:
                yield file, tree, call


def _mutant(
    program: Program,
    operator: str,
    file: str,
    tree: Tree,
    call: cst.Call,
    code: str,
    codes: set[str],
) -> Mutant:
    text = tree.changed({call: cst.parse_expression(f"({code})")})
    return Mutant(
        program=program,
        operator=operator,
        file=file,
        line=tree.line(call),
        files={**program.files, file: importing(text, "import torch")},
        codes=frozenset(codes),
    )
