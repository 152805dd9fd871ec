"""Something else where a loss takes log-probabilities."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from benchmarks.mutants.fault import fault, trees
from benchmarks.mutants.program import Mutant, Program
from benchmarks.mutants.tree import last_name

_TAKERS = {
    "LOS108": re.compile(r"\bNLLLoss\b|\bnll_loss\b"),
    "LOS115": re.compile(r"\bCTCLoss\b|\bctc_loss\b"),
    "LOS111": re.compile(r"\bKLDivLoss\b|\bkl_div\b"),
}
"""Losses that take log-probabilities, by the rule that says so."""


def dropped(program: Program) -> Iterator[Mutant]:
    """Leaves the log_softmax out."""
    codes = _codes(program)
    for file, call in _log_softmaxes(program):
        if last_name(call.func) == "LogSoftmax":
            assert isinstance(call.func, cst.Attribute)
            bare: cst.BaseExpression = call.with_changes(
                func=call.func.with_changes(attr=cst.Name("Identity")), args=[]
            )
        elif isinstance(call.func, cst.Attribute) and _is_method(call):
            bare = call.func.value
        else:
            bare = call.args[0].value
        yield fault(program, "drop log_softmax", file, call, {call: bare}, *codes)


def as_probabilities(program: Program) -> Iterator[Mutant]:
    """Takes the softmax without its logarithm."""
    codes = _codes(program)
    for file, call in _log_softmaxes(program):
        if isinstance(call.func, cst.Attribute):
            name = "Softmax" if call.func.attr.value == "LogSoftmax" else "softmax"
            changes = {call.func.attr: cst.Name(name)}
            yield fault(program, "softmax for log_softmax", file, call, changes, *codes)


def _codes(program: Program) -> list[str]:
    """The rules about losses of the program that take log-probabilities."""
    texts = program.files.values()
    return [code for code, loss in _TAKERS.items() if any(loss.search(text) for text in texts)]


def _log_softmaxes(program: Program) -> Iterator[tuple[str, cst.Call]]:
    if not _codes(program):
        return
    for file, tree in trees(program):
        for call in tree.nodes(cst.Call):
            name = last_name(call.func)
            if name == "log_softmax" or (
                name == "LogSoftmax" and isinstance(call.func, cst.Attribute)
            ):
                yield file, call


def _is_method(call: cst.Call) -> bool:
    """Whether the scores are what the method is called on, and no argument."""
    return isinstance(call.func, cst.Attribute) and last_name(call.func.value) not in (
        "F",
        "torch",
        "functional",
    )
