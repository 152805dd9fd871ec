"""A loss that expects what the model does not give."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from benchmarks.mutants.program import Mutant, Program
from benchmarks.mutants.tree import last_name, parsed

_SWAPS = {
    "CrossEntropyLoss": ("NLLLoss", "LOS108"),
    "cross_entropy": ("nll_loss", "LOS108"),
    "BCEWithLogitsLoss": ("BCELoss", "LOS102"),
    "binary_cross_entropy_with_logits": ("binary_cross_entropy", "LOS102"),
}
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


def _short(name: str) -> str:
    return {
        "CrossEntropyLoss": "cross entropy",
        "cross_entropy": "cross entropy",
        "NLLLoss": "NLL",
        "nll_loss": "NLL",
        "BCEWithLogitsLoss": "BCE with logits",
        "binary_cross_entropy_with_logits": "BCE with logits",
    }.get(name, "BCE")
