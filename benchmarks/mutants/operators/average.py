"""Losses of an epoch that are summed with their graphs, or divided by the wrong number."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from benchmarks.mutants.program import Mutant, Program
from benchmarks.mutants.tree import last_name, parsed


def with_graph(program: Program) -> Iterator[Mutant]:
    """Adds losses up as tensors."""
    for file, text in program.files.items():
        tree = parsed(text)
        for added in tree.nodes(cst.AugAssign):
            value = added.value
            if (
                isinstance(added.operator, cst.AddAssign)
                and isinstance(value, cst.Call)
                and isinstance(value.func, cst.Attribute)
                and value.func.attr.value == "item"
            ):
                yield Mutant(
                    program=program,
                    operator="drop item",
                    file=file,
                    line=tree.line(added),
                    files={**program.files, file: tree.changed({value: value.func.value})},
                    codes=frozenset({"LOS405"}),
                )


def by_samples(program: Program) -> Iterator[Mutant]:
    """Divides a sum over batches by the number of samples."""
    for file, text in program.files.items():
        tree = parsed(text)
        for division in tree.nodes(cst.BinaryOperation):
            count = division.right
            if (
                isinstance(division.operator, cst.Divide)
                and isinstance(count, cst.Call)
                and last_name(count.func) == "len"
                and "load" in tree.code(count.args[0].value)
                and "dataset" not in tree.code(count)
            ):
                loader = count.args[0].value
                samples = cst.parse_expression(f"{tree.code(loader)}.dataset")
                yield Mutant(
                    program=program,
                    operator="batches divided by samples",
                    file=file,
                    line=tree.line(division),
                    files={**program.files, file: tree.changed({loader: samples})},
                    codes=frozenset({"LOS510"}),
                )
