"""A Kullback-Leibler divergence that is divided by the wrong number."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from benchmarks.mutants.fault import fault, trees
from benchmarks.mutants.program import Mutant, Program
from benchmarks.mutants.tree import last_name

_DIVERGENCES = {"kl_div", "KLDivLoss"}


def mean_of_elements(program: Program) -> Iterator[Mutant]:
    """Divides by the number of elements in place of that of samples."""
    for file, tree in trees(program):
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
                changes = {call: call.with_changes(args=kept)}
                yield fault(
                    program, "divergence divided by elements", file, call, changes, "LOS112"
                )
