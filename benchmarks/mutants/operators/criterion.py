"""A loss that expects what the model does not give."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import libcst as cst

from benchmarks.mutants.fault import fault, trees
from benchmarks.mutants.program import Mutant, Program
from benchmarks.mutants.tree import importing, last_name, parsed

_SWAPS = {
    "CrossEntropyLoss": ("NLLLoss", "LOS108"),
    "cross_entropy": ("nll_loss", "LOS108"),
    "BCEWithLogitsLoss": ("BCELoss", "LOS102"),
    "binary_cross_entropy_with_logits": ("binary_cross_entropy", "LOS102"),
}
_CLASSES = {
    "cross_entropy": "CrossEntropyLoss",
    "binary_cross_entropy_with_logits": "BCEWithLogitsLoss",
    "nll_loss": "NLLLoss",
    "mse_loss": "MSELoss",
    "l1_loss": "L1Loss",
    "smooth_l1_loss": "SmoothL1Loss",
}
_REDUCED = {*_CLASSES, *_CLASSES.values()}
_ARGUMENTS = 2
_ONLY_OF_THE_FIRST = {"label_smoothing", "pos_weight"}


def swap(program: Program) -> Iterator[Mutant]:
    """Takes the loss that wants log-probabilities or probabilities instead of logits."""
    for file, text in program.files.items():
        tree = parsed(text)
        for call in tree.nodes(cst.Call):
            name = last_name(call.func)
            if name not in _SWAPS or not isinstance(call.func, cst.Attribute):
                continue
            other, code = _SWAPS[name]
            swapped = call.with_changes(
                func=call.func.with_changes(attr=cst.Name(other)),
                args=[
                    given
                    for given in call.args
                    if given.keyword is None or given.keyword.value not in _ONLY_OF_THE_FIRST
                ],
            )
            yield Mutant(
                program=program,
                operator=f"{_short(name)} swapped for {_short(other)}",
                file=file,
                line=tree.line(call),
                files={**program.files, file: tree.changed({call: swapped})},
                codes=frozenset({code}),
            )


def class_called_as_function(program: Program) -> Iterator[Mutant]:
    """Gives prediction and target to the constructor of the loss."""
    for file, text in program.files.items():
        tree = parsed(text)
        for call in tree.nodes(cst.Call):
            name = _CLASSES.get(last_name(call.func))
            if name is None or len(call.args) != _ARGUMENTS or any(a.keyword for a in call.args):
                continue
            built = call.with_changes(func=cst.parse_expression(f"torch.nn.{name}"))
            yield Mutant(
                program=program,
                operator="loss class called as a function",
                file=file,
                line=tree.line(call),
                files={
                    **program.files,
                    file: importing(tree.changed({call: built}), "import torch"),
                },
                codes=frozenset({"LOS210"}),
            )


def unreduced(program: Program) -> Iterator[Mutant]:
    """Leaves a loss as one number for each sample."""
    for file, call, changed in _reduced(program, "none"):
        yield fault(program, "loss not reduced", file, call, {call: changed}, "LOS504")


def summed(program: Program) -> Iterator[Mutant]:
    """Takes the sums over the batch in place of the means, of all losses in a function."""
    functions: dict[tuple[str, int], dict[cst.Call, cst.BaseExpression]] = defaultdict(dict)
    for file, call, changed in _reduced(program, "sum"):
        around = parsed(program.files[file]).around(call, cst.FunctionDef)
        functions[file, id(around)][call] = changed
    for (file, _), changes in functions.items():
        first = next(iter(changes))
        yield fault(program, "losses summed", file, first, changes, "LOS503")


def _reduced(
    program: Program, reduction: str
) -> Iterator[tuple[str, cst.Call, cst.BaseExpression]]:
    """The losses that say nothing of their reduction, and what they are with another."""
    for file, tree in trees(program):
        for call in tree.nodes(cst.Call):
            if last_name(call.func) not in _REDUCED or any(
                given.keyword is not None and given.keyword.value == "reduction"
                for given in call.args
            ):
                continue
            given = [tree.code(arg).rstrip(", \n") for arg in call.args]
            arguments = ", ".join([*given, f"reduction={reduction!r}"])
            yield file, call, cst.parse_expression(f"{tree.code(call.func)}({arguments})")


def _short(name: str) -> str:
    return {
        "CrossEntropyLoss": "cross entropy",
        "cross_entropy": "cross entropy",
        "NLLLoss": "NLL",
        "nll_loss": "NLL",
        "BCEWithLogitsLoss": "BCE with logits",
        "binary_cross_entropy_with_logits": "BCE with logits",
    }.get(name, "BCE")
