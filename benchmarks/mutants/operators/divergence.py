"""A Kullback-Leibler divergence of the wrong thing, or divided by the wrong number."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from benchmarks.mutants.program import Mutant, Program
from benchmarks.mutants.tree import Tree, last_name, parsed

_DIVERGENCES = {"kl_div", "KLDivLoss"}


def of_probabilities(program: Program) -> Iterator[Mutant]:
    """Takes the softmax where the divergence wants its logarithm."""
    for file, text in program.files.items():
        tree = parsed(text)
        for call in tree.nodes(cst.Call):
            if last_name(call.func) != "kl_div" or not call.args:
                continue
            for inner in tree.nodes(cst.Call, call.args[0].value):
                if last_name(inner.func) == "log_softmax":
                    yield _mutant(
                        program,
                        "divergence of probabilities",
                        file,
                        tree,
                        inner,
                        _named(inner, "softmax"),
                        "LOS111",
                    )


def mean_of_elements(program: Program) -> Iterator[Mutant]:
    """Divides by the number of elements in place of that of samples."""
    for file, text in program.files.items():
        tree = parsed(text)
        for call in tree.nodes(cst.Call):
            if last_name(call.func) not in _DIVERGENCES:
                continue
            kept = [
                given
                for given in call.args
                if given.keyword is None or given.keyword.value != "reduction"
            ]
            if len(kept) < len(call.args):
                kept[-1:] = [
                    given.with_changes(comma=cst.MaybeSentinel.DEFAULT) for given in kept[-1:]
                ]
                yield _mutant(
                    program,
                    "divergence divided by elements",
                    file,
                    tree,
                    call,
                    call.with_changes(args=kept),
                    "LOS112",
                )


def _named(call: cst.Call, name: str) -> cst.Call:
    assert isinstance(call.func, cst.Attribute)
    return call.with_changes(func=call.func.with_changes(attr=cst.Name(name)))


def _mutant(
    program: Program,
    operator: str,
    file: str,
    tree: Tree,
    old: cst.CSTNode,
    new: cst.CSTNode,
    code: str,
) -> Mutant:
    return Mutant(
        program=program,
        operator=operator,
        file=file,
        line=tree.line(old),
        files={**program.files, file: tree.changed({old: new})},
        codes=frozenset({code}),
    )
