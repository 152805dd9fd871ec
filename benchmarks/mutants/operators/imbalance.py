"""Classes of unequal size that are corrected for twice, or not at all, or not measured."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from benchmarks.mutants.fault import fault, trees
from benchmarks.mutants.program import Mutant, Program
from benchmarks.mutants.tree import Tree, last_name

_SAMPLER = "WeightedRandomSampler"
_WEIGHTED = {"CrossEntropyLoss", "cross_entropy", "NLLLoss", "nll_loss"}
_BINARY = {"BCEWithLogitsLoss", "binary_cross_entropy_with_logits"}
_WEIGHTS = {"weight", "pos_weight"}
_CORRECTED = re.compile(r"\bWeightedRandomSampler\b|\b(pos_)?weight=")
_MEASURE_CALL = re.compile(r"\b(f1|recall|precision|balanced_accuracy|roc_auc|fbeta)_score\b")
_MEASURE = re.compile(r"\b(f1|recall|precision|auc|balanced_accuracy)\b", re.IGNORECASE)


def corrected_twice(program: Program) -> Iterator[Mutant]:
    """Weighs the classes of batches that a sampler evens out."""
    for file, tree in trees(program):
        for sampler in tree.nodes(cst.Call):
            if last_name(sampler.func) != _SAMPLER or not sampler.args:
                continue
            scope = tree.around(sampler, cst.FunctionDef)
            weights = _by_class(tree, sampler.args[0].value, scope)
            if weights is None:
                continue
            for loss in tree.nodes(cst.Call, scope):
                if last_name(loss.func) in _WEIGHTED and not _given(loss):
                    weighted = [
                        *loss.args,
                        cst.Arg(cst.parse_expression(weights), cst.Name("weight")),
                    ]
                    changes = {loss: loss.with_changes(args=weighted)}
                    yield fault(program, "sampled and weighted", file, loss, changes, "LOS506")


def unweighted(program: Program) -> Iterator[Mutant]:
    """Takes out the weights of the classes."""
    for file, tree in trees(program):
        for loss in tree.nodes(cst.Call):
            if last_name(loss.func) in _WEIGHTED | _BINARY and _given(loss):
                kept = [given for given in loss.args if given not in _given(loss)]
                kept[-1:] = [one.with_changes(comma=cst.MaybeSentinel.DEFAULT) for one in kept[-1:]]
                changes = {loss: loss.with_changes(args=kept)}
                yield fault(program, "drop the class weights", file, loss, changes, "LOS507")


def accuracy_alone(program: Program) -> Iterator[Mutant]:
    """Measures the accuracy in place of what tells the classes apart."""
    if not any(_CORRECTED.search(text) for text in program.files.values()):
        return
    texts = dict(program.files)
    for file, text in program.files.items():
        named = _MEASURE.sub("accuracy", _MEASURE_CALL.sub("accuracy_score", text))
        texts[file] = named
    for file, text in program.files.items():
        first = _MEASURE_CALL.search(text)
        if first is not None:
            yield Mutant(
                program=program,
                operator="accuracy alone",
                file=file,
                line=text.count("\n", 0, first.start()) + 1,
                files=texts,
                codes=frozenset({"LOS508"}),
            )


def _given(loss: cst.Call) -> list[cst.Arg]:
    """The weights of classes that a loss is given."""
    return [one for one in loss.args if one.keyword is not None and one.keyword.value in _WEIGHTS]


def _by_class(tree: Tree, weights: cst.BaseExpression, scope: cst.CSTNode) -> str | None:
    """``w`` of the weights ``w[labels]`` of samples."""
    if isinstance(weights, cst.Name):
        for assign in tree.nodes(cst.Assign, scope):
            if last_name(assign.targets[0].target) == weights.value:
                return _by_class(tree, assign.value, scope)
    if isinstance(weights, cst.Subscript) and isinstance(weights.value, cst.Name):
        return weights.value.value
    return None
